// The answer goes to the client at once. Without this script its button sends it.
document.getElementById("answer").submit();
