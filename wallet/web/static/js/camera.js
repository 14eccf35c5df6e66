// Codes before the camera of this device: read by the browser where it can, else by the wallet's server, frame by frame.
// Spec: Media Capture and Streams; Shape Detection API (BarcodeDetector).

const WANTED = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } };
const SIDE = 800; // pixels: a code of an address has some 40 modules
const QUALITY = 0.85;

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

/** @param {HTMLVideoElement} video @returns {Promise<Blob>} JPEG */
function frame(video) {
  return new Promise((resolve) => square(video, SIDE).toBlob(resolve, "image/jpeg", QUALITY));
}

/** @returns {Promise<(video: HTMLVideoElement) => Promise<FormData | null>>} what to send of what the camera sees now */
export async function reader() {
  const formats = "BarcodeDetector" in globalThis ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  const detector = formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  return async (video) => {
    const found = new FormData();
    if (detector === null) found.append("picture", await frame(video), "frame.jpg");
    else for (const { rawValue } of await detector.detect(video)) if (rawValue) found.append("text", rawValue);
    return [...found].length ? found : null;
  };
}
