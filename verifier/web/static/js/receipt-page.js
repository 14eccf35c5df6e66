// A button that prints; without a script the browser's own menu does.

const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => globalThis.print());
