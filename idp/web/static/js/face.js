// The step of the face: a picture from the camera goes into the form's file field, which works without this too.
// Spec: Media Capture and Streams §10.2 (the names of what can go wrong); HTML, the canvas element and DataTransfer.

const WANTED = { audio: false, video: { facingMode: { ideal: "user" }, width: { ideal: 1280 }, height: { ideal: 960 } } };
const WIDTH = 480; // pixels, with the proportions of the preview: some 60 kB as JPEG
const HEIGHT = 640;
const QUALITY = 0.9;

const video = document.getElementById("preview");
const taken = document.getElementById("taken");
const start = document.getElementById("camera-start");
const take = document.getElementById("camera-take");
const file = document.getElementById("picture");
const first = start.textContent;
const parts = ["starting", "live", "taken", "refused", "missing"];

/** @param {string} part the one sentence to show */
function tell(part) {
  for (const each of parts) document.getElementById(`camera-${each}`).hidden = each !== part;
  document.getElementById("camera-frame").hidden = part !== "live" && part !== "taken";
  video.hidden = part !== "live";
  taken.hidden = part !== "taken";
  take.hidden = part !== "live";
  start.hidden = part === "live" || part === "starting";
  start.textContent = part === "taken" ? start.dataset.again : first;
}

/** Lets the camera go: its light turns off. */
function close() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

async function open() {
  tell("starting");
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia(WANTED);
    await video.play();
    tell("live");
    take.focus();
  } catch (error) {
    close();
    tell(error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing");
    start.focus();
  }
}

/** What the preview shows: the middle of the picture, upright, as a JPEG in the form. */
async function shoot() {
  const { videoWidth: width, videoHeight: height } = video;
  const scale = Math.min(width / WIDTH, height / HEIGHT);
  const across = WIDTH * scale;
  const down = HEIGHT * scale;
  taken.width = WIDTH;
  taken.height = HEIGHT;
  taken.getContext("2d").drawImage(video, (width - across) / 2, (height - down) / 2, across, down, 0, 0, WIDTH, HEIGHT);
  const blob = await new Promise((resolve) => taken.toBlob(resolve, "image/jpeg", QUALITY));
  const carrier = new DataTransfer();
  carrier.items.add(new File([blob], "camera.jpg", { type: "image/jpeg" }));
  file.files = carrier.files;
  close();
  tell("taken");
  document.getElementById("confirm").focus();
}

if (navigator.mediaDevices?.getUserMedia) {
  document.getElementById("camera").hidden = false;
  start.addEventListener("click", open);
  take.addEventListener("click", shoot);
  file.addEventListener("change", () => {
    close();
    tell("");
  });
  addEventListener("pagehide", close);
}
