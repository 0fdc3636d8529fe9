// The one thing that needs a script: copying with a button. Without it the texts can be selected as they are.
"use strict";

const said = document.getElementById("said");

// Where the clipboard is closed to a page (it is on plain http), what is selected can still be copied.
function copySelected(source) {
  const range = document.createRange();
  range.selectNodeContents(source);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  let copied = false;
  try {
    await navigator.clipboard.writeText(source.textContent);
    copied = true;
  } catch {
    copied = copySelected(source);
  }
  const label = button.querySelector(".label");
  label.textContent = copied ? "Copied" : "Select and copy it";
  // Cleared first: a text that does not change is not read out again.
  said.textContent = "";
  window.setTimeout(() => {
    said.textContent = copied ? "Copied" : "It could not be copied. Select the text and copy it.";
  }, 50);
  window.setTimeout(() => {
    label.textContent = "Copy";
  }, 3000);
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
