// The text of an act without its code: a paragraph a box, a field a chip that shows its value.
// The textarea stays what is sent; a paragraph that nobody touched is sent as it was written.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const body = document.querySelector("textarea[data-paragraphs]");
  if (!body) return;

  const FIELD = /\{\{\s*([^{}]*?)\s*\}\}/g;
  const HEADING = /^(#{1,6}) +(?=\S)/;
  const LAID_OUT = /^(?:[-*|]|\d+\.) ?/;
  const fields = new Map(
    [...document.querySelectorAll("[data-field]")].map((field) => [
      field.dataset.field.replace(/[{}\s]/g, ""),
      field.dataset.value || field.dataset.label,
    ]),
  );

  // A field at the start of a sentence is written with a capital, and so is its value.
  const valueOf = (key) => {
    const value = fields.get(key) ?? fields.get(key.charAt(0).toLowerCase() + key.slice(1));
    if (value === undefined) return "";
    return fields.has(key) ? value : value.charAt(0).toUpperCase() + value.slice(1);
  };

  const chip = (mark, key) => {
    const made = document.createElement("span");
    made.className = "text-chip";
    made.contentEditable = "false";
    made.dataset.mark = mark;
    made.title = mark;
    made.textContent = valueOf(key);
    return made;
  };

  // What stands in a paragraph: its words, and a chip for each field that is known.
  const inline = (text) => {
    const made = document.createDocumentFragment();
    let from = 0;
    for (const match of text.matchAll(FIELD)) {
      if (!valueOf(match[1])) continue;
      made.append(text.slice(from, match.index), chip(match[0], match[1]));
      from = match.index + match[0].length;
    }
    made.append(text.slice(from));
    return made;
  };

  const written = (node) =>
    [...node.childNodes]
      .map((child) => {
        if (child.nodeType === Node.TEXT_NODE) return child.data;
        if (child.dataset?.mark) return child.dataset.mark;
        return child.nodeName === "BR" ? "\n" : written(child);
      })
      .join("");

  const editor = document.createElement("div");
  editor.className = "text-paragraphs";
  editor.setAttribute("role", "group");
  editor.setAttribute("aria-label", body.labels[0].firstChild.textContent.trim());

  const paragraph = (source, gap = "\n\n") => {
    const made = document.createElement("div");
    const heading = source.match(HEADING);
    made.className = "text-paragraph";
    made.contentEditable = "true";
    made.spellcheck = true;
    made.setAttribute("role", "textbox");
    made.setAttribute("aria-multiline", "true");
    made.dataset.start = heading ? heading[0] : "";
    made.dataset.gap = gap;
    if (heading) made.classList.add(`text-heading-${heading[1].length}`);
    made.append(inline(source.slice(made.dataset.start.length)));
    return made;
  };

  const name = () => {
    [...editor.children].forEach((box, index) => {
      const what = box.dataset.start ? "Titre" : "Paragraphe";
      box.setAttribute("aria-label", `${what} ${index + 1}`);
    });
  };

  const show = () => {
    // Paragraphs, and between them the empty lines as they were written.
    const parts = body.value.split(/(\n[ \t]*\n\s*)/);
    const boxes = parts.filter((_, index) => index % 2 === 0);
    editor.replaceChildren(...boxes.map((text, index) => paragraph(text, parts[2 * index + 1] ?? "")));
    name();
  };

  const sourceOf = (box) => {
    const text = written(box);
    return text.trim() ? box.dataset.start + text : "";
  };

  const keep = () => {
    const boxes = [...editor.children].filter((box) => sourceOf(box));
    body.value = boxes
      .map((box, index) => sourceOf(box) + (box.dataset.gap || (index < boxes.length - 1 ? "\n\n" : "")))
      .join("");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // The caret last: to focus a box sends it to its start.
  const put = (box, range) => {
    box.focus();
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };

  const caretAt = (box, atEnd = false) => {
    const range = document.createRange();
    range.selectNodeContents(box);
    range.collapse(!atEnd);
    put(box, range);
  };

  // Where the caret was last, for who picks a field in the list.
  let last = null;
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (selection.rangeCount && editor.contains(selection.anchorNode)) last = selection.getRangeAt(0);
  });
  const boxOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentNode : node).closest(".text-paragraph");

  const split = (box) => {
    const range = getSelection().getRangeAt(0);
    range.deleteContents();
    range.setEndAfter(box.lastChild ?? box);
    const rest = document.createElement("div");
    rest.append(range.extractContents());
    const next = paragraph(written(rest), box.dataset.gap);
    box.dataset.gap = "\n\n";
    box.after(next);
    name();
    caretAt(next);
    keep();
  };

  const join = (box, previous) => {
    const seam = document.createRange();
    seam.selectNodeContents(previous);
    seam.collapse(false);
    previous.append(...box.childNodes);
    previous.dataset.gap = box.dataset.gap;
    box.remove();
    name();
    put(previous, seam);
    keep();
  };

  const isAtStart = (box) => {
    const range = getSelection().getRangeAt(0).cloneRange();
    if (!range.collapsed) return false;
    range.setStart(box, 0);
    return written(range.cloneContents()) === "";
  };

  editor.addEventListener("keydown", (event) => {
    const box = event.target.closest(".text-paragraph");
    if (!box || event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      // A list or a table keeps its lines together.
      if (event.shiftKey || LAID_OUT.test(written(box))) document.execCommand("insertText", false, "\n");
      else split(box);
    } else if (event.key === "Backspace" && isAtStart(box) && box.previousElementSibling) {
      event.preventDefault();
      join(box, box.previousElementSibling);
    }
  });
  editor.addEventListener("beforeinput", (event) => {
    // Bold by the browser would be lost: it is written with its signs.
    if (event.inputType.startsWith("format")) event.preventDefault();
  });
  editor.addEventListener("paste", (event) => {
    event.preventDefault();
    document.execCommand("insertText", false, event.clipboardData.getData("text/plain"));
  });
  editor.addEventListener("input", keep);

  // What text_editor.js does to the textarea is done here instead.
  body.addEventListener("text:insert", (event) => {
    if (editor.hidden) return;
    event.preventDefault();
    const { mark, isBlock } = event.detail;
    const made = chip(mark, mark.replace(/[{}\s]/g, ""));
    const box = last ? boxOf(last.startContainer) : editor.lastElementChild;
    if (isBlock) {
      const alone = paragraph("");
      alone.append(made);
      box.after(alone);
      alone.dataset.gap = box.dataset.gap || "\n\n";
      box.dataset.gap = "\n\n";
      name();
      caretAt(alone, true);
    } else {
      const range = last?.cloneRange() ?? document.createRange();
      if (!last) range.selectNodeContents(box);
      if (!last) range.collapse(false);
      range.deleteContents();
      range.insertNode(made);
      range.collapse(false);
      put(box, range);
    }
    keep();
  });
  body.addEventListener("text:line", (event) => {
    if (editor.hidden) return;
    event.preventDefault();
    let line = 1;
    for (const box of editor.children) {
      line += `${sourceOf(box)}${box.dataset.gap}`.split("\n").length - 1;
      if (line > event.detail || box === editor.lastElementChild) {
        caretAt(box);
        box.scrollIntoView({ block: "center" });
        return;
      }
    }
  });

  const other = document.createElement("button");
  other.type = "button";
  other.className = "fr-btn fr-btn--tertiary fr-btn--sm fr-mt-1w";
  const turn = (isPlain) => {
    if (!isPlain) show();
    editor.hidden = isPlain;
    body.hidden = !isPlain;
    for (const help of document.querySelectorAll(".text-help")) help.hidden = !isPlain;
    other.textContent = isPlain ? "Revenir aux paragraphes" : "Voir le texte avec ses codes";
  };
  other.addEventListener("click", () => turn(!editor.hidden));
  body.after(editor, other);
  turn(false);
});
