// When every application's page was loaded, or after a short time, the browser goes on to where it was asked for.
const SHORT = 3000; // milliseconds: an application that does not answer holds nobody up

let gone = false;

function goOn() {
  if (!gone) {
    gone = true;
    location.replace(document.getElementById("go-on").href);
  }
}

if (document.readyState === "complete") goOn();
else addEventListener("load", goOn);
setTimeout(goOn, SHORT);
