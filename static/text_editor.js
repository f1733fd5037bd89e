// Inserts a field at the cursor, and leads from a fault to its line. Without it, fields are copied.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const body = document.querySelector(".text-body");
  if (!body) return;

  // An editor over the textarea (paragraphs.js) may answer in its place.
  const ask = (what, detail) => body.dispatchEvent(new CustomEvent(`text:${what}`, { detail, cancelable: true }));

  const insert = (text) => {
    body.focus();
    // The only way that the browser's own « annuler » undoes.
    if (!document.execCommand("insertText", false, text)) {
      body.setRangeText(text, body.selectionStart, body.selectionEnd, "end");
    }
  };

  // A block stands alone: what is missing of the empty lines around it comes with it.
  const alone = (mark) => {
    const before = body.value.slice(0, body.selectionStart);
    const after = body.value.slice(body.selectionEnd);
    const head = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    const tail = after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
    return head + mark + tail;
  };

  const button = (className, text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = className;
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };

  for (const field of document.querySelectorAll("[data-field]")) {
    const mark = field.dataset.field;
    const isBlock = "block" in field.dataset;
    const text = () => {
      if (ask("insert", { mark, isBlock })) insert(isBlock ? alone(mark) : mark);
    };
    field.replaceChildren(button("text-insert", mark, `Insérer ${mark}`, text));
  }
  for (const hint of document.querySelectorAll(".text-fields-hint")) {
    hint.textContent = "Cliquez pour l’insérer à l’endroit du curseur.";
  }

  const showLine = (number) => {
    if (!ask("line", number)) return;
    const lines = body.value.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    body.focus();
    // The caret first, so that the browser scrolls to it.
    body.setSelectionRange(start, start);
    body.blur();
    body.focus();
    body.setSelectionRange(start, start + (lines[number - 1] || "").length);
  };

  for (const fault of document.querySelectorAll(".text-faults li, .text-faults .fr-message")) {
    const place = fault.textContent.trim().match(/^Ligne (\d+)/);
    if (!place) continue;
    const text = fault.textContent.trim();
    fault.replaceChildren(button("text-fault", text, "", () => showLine(Number(place[1]))));
  }
});
