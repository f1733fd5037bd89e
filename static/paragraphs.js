// The text of an act without its code: a paragraph a box, a field a chip that shows its value.
// The textarea stays what is sent; a paragraph that nobody touched is sent as it was written.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const body = document.querySelector("textarea[data-paragraphs]");
  if (!body) return;

  const FIELD = /\{\{\s*([^{}]*?)\s*\}\}/g;
  const HEADING = /^(#{1,6}) +(?=\S)/;
  const TABLE = /^\|/;
  const ITEM = /^(?:[-*+]|(\d+)([.)])) +/;
  const isLaidOut = (text) => TABLE.test(text) || ITEM.test(text);
  const EMPTY_LINES = /\n[ \t]*\n\s*/;
  // What is copied here and pasted here keeps its fields.
  const OWN = "application/x-paragraphs";
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

  const kindOf = (box) => {
    if (box.dataset.start) return "Titre";
    const text = written(box);
    if (TABLE.test(text)) return "Tableau";
    return ITEM.test(text) ? "Liste" : "Paragraphe";
  };
  const name = () => {
    [...editor.children].forEach((box, index) => {
      box.setAttribute("aria-label", `${kindOf(box)} ${index + 1}`);
      box.classList.toggle("text-table", kindOf(box) === "Tableau");
    });
  };

  const show = () => {
    // Paragraphs, and between them the empty lines as they were written.
    const parts = body.value.split(/(\n[ \t]*\n\s*)/);
    const boxes = parts.filter((_, index) => index % 2 === 0);
    editor.replaceChildren(...boxes.map((text, index) => paragraph(text, parts[2 * index + 1] ?? "")));
    last = null;
    name();
  };

  const sourceOf = (box) => {
    const text = written(box);
    return text.trim() ? box.dataset.start + text : "";
  };

  // Where the caret was last, for who picks a field in the list.
  let last = null;
  document.addEventListener("selectionchange", () => {
    const selection = getSelection();
    if (selection.rangeCount && editor.contains(selection.anchorNode)) last = selection.getRangeAt(0);
  });
  const boxOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentNode : node).closest(".text-paragraph");

  // What stands before the caret in its box, as it is written.
  const before = (box) => {
    const range = getSelection().getRangeAt(0).cloneRange();
    range.collapse(false);
    range.setStart(box, 0);
    return written(range.cloneContents());
  };

  // Boxes are counted as they are shown again: the empty ones above are not kept.
  const caret = () => {
    const node = getSelection().anchorNode;
    const box = node && editor.contains(node) && boxOf(node);
    if (!box) return null;
    const boxes = [...editor.children];
    const index = boxes.slice(0, boxes.indexOf(box)).filter((above) => sourceOf(above)).length;
    return { index, offset: before(box).length };
  };

  // The browser's own « annuler » knows nothing of chips nor of paragraphs: each step is kept here.
  const past = [];
  const future = [];
  let now = { text: body.value, caret: null };
  let step = "";

  const tell = () => body.dispatchEvent(new Event("input", { bubbles: true }));

  // Changes of the same `kind`, one after the other, are undone together.
  const keep = (kind = "") => {
    const boxes = [...editor.children].filter((box) => sourceOf(box));
    const text = boxes
      .map((box, index) => sourceOf(box) + (box.dataset.gap || (index < boxes.length - 1 ? "\n\n" : "")))
      .join("");
    if (!kind || kind !== step) {
      past.push(now);
      future.length = 0;
    }
    step = kind;
    body.value = text;
    now = { text, caret: caret() };
    tell();
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

  const place = ({ index, offset }) => {
    const box = editor.children[index];
    let rest = offset;
    for (const child of box.childNodes) {
      const length = written({ childNodes: [child] }).length;
      if (child.nodeType === Node.TEXT_NODE && rest <= length) {
        const range = document.createRange();
        range.setStart(child, rest);
        put(box, range);
        return;
      }
      rest -= length;
    }
    caretAt(box, true);
  };

  const travel = (from, to) => {
    if (!from.length) return;
    to.push(now);
    now = from.pop();
    step = "";
    body.value = now.text;
    show();
    if (now.caret) place(now.caret);
    else caretAt(editor.firstElementChild);
    tell();
  };
  const undo = () => travel(past, future);
  const redo = () => travel(future, past);

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

  const isAtStart = (box) => getSelection().isCollapsed && before(box) === "";

  const insert = (content) => {
    const range = getSelection().getRangeAt(0);
    const end = content.lastChild;
    range.deleteContents();
    range.insertNode(content);
    if (end) range.setStartAfter(end);
    range.collapse(true);
  };

  // The next row of a table, the next item of a list; an empty item ends its list.
  const continueLines = (box) => {
    const line = before(box).split("\n").pop();
    const item = line.match(ITEM);
    if (item && !line.slice(item[0].length).trim()) {
      for (let signs = line.length + 1; signs; signs -= 1) document.execCommand("delete");
      split(box);
      return;
    }
    const number = item?.[1] && `${Number(item[1]) + 1}${item[2]} `;
    insert(inline(`\n${number || item?.[0] || (TABLE.test(line) ? "| " : "")}`));
    keep();
  };

  // A text from elsewhere: its own signs print as they are, its lists and tables become ours.
  const lineFromElsewhere = (text) => {
    const line = text.replace(/[\\*]/g, "\\$&").replace(/^(\s*)#/, "$1\\#");
    const bullet = line.match(/^\s*(?:[•·▪◦§\uf0b7]\s*|[o–-]\t\s*)/);
    if (bullet) return `- ${line.slice(bullet[0].length).trim()}`;
    const numbered = line.match(/^\s*(\d+)[.)]\t\s*/);
    if (numbered) return `${numbered[1]}. ${line.slice(numbered[0].length).trim()}`;
    if (!line.trim().includes("\t")) return line.trim();
    return `| ${line.split("\t").map((cell) => cell.trim()).join(" | ")} |`;
  };
  const blocksFromElsewhere = (text, hasParagraphs) => {
    const blocks = [];
    let isOpen = false;
    for (const line of text.replace(/\r\n?/g, "\n").split("\n").map(lineFromElsewhere)) {
      const above = isOpen ? blocks[blocks.length - 1] : "";
      const isSame = TABLE.test(line) ? TABLE.test(above) : ITEM.test(line) ? ITEM.test(above) : !hasParagraphs;
      if (above && line && isSame && isLaidOut(above) === isLaidOut(line)) {
        blocks[blocks.length - 1] += `\n${line}`;
      } else if (line) {
        const isTable = TABLE.test(line);
        blocks.push(isTable ? `${line}\n|${" --- |".repeat(line.split(" | ").length)}` : line);
      }
      isOpen = Boolean(line);
    }
    return blocks;
  };

  const pasteBlocks = (box, blocks) => {
    const [first] = blocks;
    if (blocks.length === 1 && !isLaidOut(first) && !first.includes("\n")) {
      insert(inline(first));
      keep();
      return;
    }
    const range = getSelection().getRangeAt(0);
    range.deleteContents();
    range.setEndAfter(box.lastChild ?? box);
    const rest = document.createElement("div");
    rest.append(range.extractContents());
    const after = written(rest).trim() ? [written(rest)] : [];
    const made = [...blocks, ...after].map((text) => paragraph(text));
    made[made.length - 1].dataset.gap = box.dataset.gap;
    box.dataset.gap = "\n\n";
    box.after(...made);
    if (!sourceOf(box)) box.remove();
    name();
    caretAt(made[blocks.length - 1], true);
    keep();
  };

  editor.addEventListener("keydown", (event) => {
    const box = event.target.closest(".text-paragraph");
    if (!box || event.isComposing) return;
    const shortcut = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase();
    if (shortcut === "z" || shortcut === "y") {
      event.preventDefault();
      if (shortcut === "y" || event.shiftKey) redo();
      else undo();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (event.shiftKey) document.execCommand("insertText", false, "\n");
      else if (isLaidOut(written(box))) continueLines(box);
      else split(box);
    } else if (event.key === "Backspace" && isAtStart(box) && box.previousElementSibling) {
      event.preventDefault();
      join(box, box.previousElementSibling);
    }
  });
  editor.addEventListener("beforeinput", (event) => {
    // Bold by the browser would be lost: it is written with its signs.
    if (event.inputType.startsWith("format")) event.preventDefault();
    if (event.inputType.startsWith("history")) {
      event.preventDefault();
      if (event.inputType === "historyUndo") undo();
      else redo();
    }
  });
  // Nothing selected leaves the clipboard as it was.
  const copy = (event) => {
    if (getSelection().isCollapsed) return;
    event.preventDefault();
    const text = written(getSelection().getRangeAt(0).cloneContents());
    event.clipboardData.setData("text/plain", text);
    event.clipboardData.setData(OWN, text);
  };
  editor.addEventListener("copy", copy);
  editor.addEventListener("cut", (event) => {
    if (getSelection().isCollapsed) return;
    copy(event);
    getSelection().deleteFromDocument();
    keep();
  });
  editor.addEventListener("paste", (event) => {
    event.preventDefault();
    const own = event.clipboardData.getData(OWN);
    const text = event.clipboardData.getData("text/plain");
    const hasParagraphs = event.clipboardData.types.includes("text/html");
    const blocks = own ? own.split(EMPTY_LINES) : blocksFromElsewhere(text, hasParagraphs);
    if (blocks.length) pasteBlocks(event.target.closest(".text-paragraph"), blocks);
  });
  // A word is undone at once.
  editor.addEventListener("input", (event) => {
    name();
    const isWord = event.inputType.startsWith("delete") || (event.data && event.data !== " ");
    const box = boxOf(getSelection().anchorNode ?? event.target);
    keep(isWord ? `${event.inputType} ${box?.getAttribute("aria-label")}` : "");
  });

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
    if (!isPlain && body.value !== now.text) {
      past.push(now);
      now = { text: body.value, caret: null };
    }
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
