// The camera of this device as a live picture in a <video>, and single frames of it.
// Spec: Media Capture and Streams (getUserMedia); HTML, the canvas element.

const WANTED = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } };
const SIDE = 1000; // pixels: a version 25 code with its quiet zone (125 modules) that fills half of it still has four for each module
const QUALITY = 0.85; // about 100 KB a frame; below 0.7 the small modules of a blurred code are lost

/** Whether this page may ask for a camera at all: not over plain http, not in an old browser. */
export const possible = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** Asks for the camera and shows it. Rejects with a DOMException when it is refused or there is none. @param {HTMLVideoElement} video */
export async function open(video) {
  video.srcObject = await navigator.mediaDevices.getUserMedia(WANTED);
  await video.play();
}

/** Lets the camera go: its light turns off. @param {HTMLVideoElement} video */
export function close(video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** Whether a person has already said yes, so that asking again disturbs nobody. */
export async function allowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false; // not every browser answers this question for a camera
  }
}

/** The square in the middle, which is what the preview shows. @param {HTMLVideoElement} video */
function square(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const cut = Math.min(width, height);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.min(cut, SIDE);
  const draw = canvas.getContext("2d", { willReadFrequently: true });
  draw.drawImage(video, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {HTMLVideoElement} video @returns {Promise<Blob>} JPEG */
export function frame(video) {
  return new Promise((resolve) => square(video).toBlob(resolve, "image/jpeg", QUALITY));
}

/** For another thread, which takes it over: this one does not touch a pixel. @param {HTMLVideoElement} video @returns {Promise<ImageBitmap>} */
export function taken(video) {
  const { videoWidth: width, videoHeight: height } = video;
  const cut = Math.min(width, height);
  const side = Math.min(cut, SIDE);
  const smaller = side < cut ? { resizeWidth: side, resizeHeight: side, resizeQuality: "medium" } : {};
  return createImageBitmap(video, (width - cut) / 2, (height - cut) / 2, cut, cut, smaller);
}
