// What an eye would object to on the page as it stands: texts over one another, texts cut off.
async () => {
  // What opens as the page arrives has opened.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    // Read aloud and not seen, as the name of a button that is a picture is.
    !element.closest(".fr-sr-only, .fr-skiplinks, .fr-header__navbar, script, style, noscript, template");
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const lines = [];
  const cut = [];
  const words = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const text = node.textContent.trim();
    const parent = node.parentElement;
    if (!text || !isShown(parent)) continue;
    if (!parent.closest("textarea, code, pre, svg, select")) words.push(node.textContent);
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 1 && box.height > 1);
    if (!boxes.length) continue;
    // What may be scrolled to, or is folded, is not cut off.
    let bounds = { left: 0, right: document.documentElement.clientWidth, top: -Infinity, bottom: Infinity };
    let isFolded = false;
    for (let around = parent; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      const box = around.getBoundingClientRect();
      const hides = (how) => how === "hidden" || how === "clip";
      const scrolls = (how) => how === "auto" || how === "scroll";
      if (hides(style.overflowY) && box.height < 2) isFolded = true;
      if (scrolls(style.overflowX) || scrolls(style.overflowY)) {
        bounds = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity };
        break;
      }
      if (hides(style.overflowX)) {
        bounds.left = Math.max(bounds.left, box.left);
        bounds.right = Math.min(bounds.right, box.right);
      }
      if (hides(style.overflowY)) {
        bounds.top = Math.max(bounds.top, box.top);
        bounds.bottom = Math.min(bounds.bottom, box.bottom);
      }
    }
    if (isFolded) continue;
    for (const box of boxes) {
      // The room around letters that a font asks for is not the letters.
      const room = box.height / 4;
      const line = { text: text.slice(0, 60), left: box.left, right: box.right, top: box.top + room, bottom: box.bottom - room };
      const isCut =
        line.left < bounds.left - 1 || line.right > bounds.right + 1 || line.top < bounds.top - 1 || line.bottom > bounds.bottom + 1;
      if (isCut) cut.push(line.text);
      lines.push(line);
    }
  }
  // The picture of a link is no text: it is in the link's own boxes, under what is laid over them.
  for (const link of document.querySelectorAll("main a")) {
    const laidOver = [...link.querySelectorAll("*")].find((part) => getComputedStyle(part).position === "absolute");
    if (!laidOver || !isShown(laidOver) || !laidOver.textContent.trim()) continue;
    const detail = laidOver.getBoundingClientRect();
    for (const box of link.getClientRects()) {
      const isUnder = box.top + box.height / 4 < detail.bottom && detail.top < box.bottom - box.height / 4;
      if (isUnder && box.left < detail.right && detail.left < box.right) cut.push(laidOver.textContent.trim());
    }
  }
  lines.sort((one, other) => one.top - other.top);
  const over = [];
  lines.forEach((one, at) => {
    for (let next = at + 1; next < lines.length && lines[next].top < one.bottom; next++) {
      const other = lines[next];
      if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2) over.push([one.text, other.text]);
    }
  });
  return { cut, over, words };
}
