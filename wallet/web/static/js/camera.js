// The camera of this device, and the square in the middle of what it sees.
// Spec: Media Capture and Streams.

const WANTED = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } };

/** Not over plain http to another machine, not in an old browser. */
export const possible = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** @param {HTMLVideoElement} video rejects with a DOMException when the camera is refused or there is none */
export async function open(video) {
  video.srcObject = await navigator.mediaDevices.getUserMedia(WANTED);
  await video.play();
}

/** @param {HTMLVideoElement} video its light turns off */
export function close(video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** The square in the middle, which is what the preview shows. @param {HTMLVideoElement} video @param {number} side pixels at most */
export function square(video, side) {
  const { videoWidth: width, videoHeight: height } = video;
  const cut = Math.min(width, height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(cut, side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, canvas.width, canvas.height);
  return canvas;
}
