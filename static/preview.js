// The document as it would print with what is typed now, beside the form, on wide screens.
// Without it, and on a telephone, the form's buttons open the same document.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.querySelector("[data-preview-of]");
  if (!panel) return;
  const form = document.getElementById(panel.dataset.previewOf);
  const status = panel.querySelector("[role=status]");
  const pages = panel.querySelector(".preview-pages");
  const choices = [...panel.querySelectorAll("button[value]")];
  const wide = matchMedia("(min-width: 62em)");
  let asked = choices[0].value;
  let shown = "";
  let isUnderWay = false;

  const typed = () => {
    const values = new FormData(form);
    values.set("preview", asked);
    return values;
  };

  const show = (answer) => {
    if (answer.said) {
      status.textContent = answer.said;
      return;
    }
    const words = choices.find((choice) => choice.value === answer.kind).textContent;
    status.textContent = answer.kind === asked ? "" : panel.dataset.notYet;
    for (const choice of choices) choice.setAttribute("aria-pressed", choice.value === answer.kind);
    pages.replaceChildren(
      ...answer.pages.map((page, index) => {
        const picture = document.createElement("img");
        picture.src = page;
        picture.alt = `${words}, page ${index + 1} sur ${answer.pages.length}`;
        return picture;
      }),
    );
  };

  // One at a time: what is typed meanwhile is shown next.
  const refresh = async () => {
    const body = typed();
    const key = new URLSearchParams(body).toString();
    if (isUnderWay || !wide.matches || key === shown) return;
    isUnderWay = true;
    shown = key;
    panel.setAttribute("aria-busy", "true");
    try {
      const headers = { Accept: "application/json" };
      const response = await fetch(location.pathname, { method: "POST", body, headers });
      show(await response.json());
    } catch {
      status.textContent = panel.dataset.failed;
    }
    panel.setAttribute("aria-busy", "false");
    isUnderWay = false;
    refresh();
  };

  for (const choice of choices) {
    choice.addEventListener("click", () => {
      asked = choice.value;
      refresh();
    });
  }
  form.addEventListener("change", refresh);
  const open = () => {
    panel.hidden = !wide.matches;
    refresh();
  };
  wide.addEventListener("change", open);
  open();
});
