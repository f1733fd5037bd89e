// Beside a day to type: what was understood, « Aujourd’hui », the browser’s calendar.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f\u00ad\u200b-\u200f]/g, "").toLowerCase();
  const named = new Intl.DateTimeFormat("fr", { month: "long" });
  const months = Array.from({ length: 12 }, (_, month) => plain(named.format(new Date(2024, month, 1))));
  // The number of the one month that begins so, as the site understands it.
  const numberOf = (word) => {
    const found = months.filter((month) => month.startsWith(word));
    return found.length === 1 ? months.indexOf(found[0]) + 1 : 0;
  };
  const read = (text) => {
    const written = plain(text)
      .replace(/[\s./,‐-―-]+/g, " ")
      .trim()
      .replace(/^(le )?((lun|mar|mer|jeu|ven|sam|dim)[a-z]* )?/, "");
    const found =
      written.match(/^(\d{1,2}) (\d{1,2}) (\d{4}|\d{2})$/) ||
      written.match(/^(\d\d)(\d\d)(\d{4}|\d{2})$/) ||
      written.match(/^(\d{1,2})(?: ?er)? ([a-z]{3,9}) (\d{4}|\d{2})$/);
    if (!found) return null;
    const [day, month] = [Number(found[1]), Number(found[2]) || numberOf(found[2])];
    const year = Number(found[3].length === 2 ? `20${found[3]}` : found[3]);
    const date = new Date(year, month - 1, day);
    return date.getMonth() === month - 1 && date.getDate() === day ? date : null;
  };
  const two = (number) => String(number).padStart(2, "0");
  const typed = (date) => `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}`;
  const iso = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const full = new Intl.DateTimeFormat("fr", { dateStyle: "full" });
  // A number and what it counts stay on one line, as everywhere on the site.
  const inFrench = (date) =>
    full.format(date).replace(/\b1 (?=\D)/, "1er ").replace(/(\d+|1er) (?=\D)/, "$1\u00a0");

  const button = (text, of, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "fr-btn fr-btn--sm fr-btn--tertiary-no-outline";
    made.textContent = text;
    if (of) made.setAttribute("aria-describedby", of.id);
    made.addEventListener("click", act);
    return made;
  };

  for (const input of document.querySelectorAll("[data-day]")) {
    const label = input.labels[0];
    if (label) label.id ||= `${input.id}_label`;
    const beside = document.createElement("div");
    beside.className = "day-tools";
    const said = document.createElement("span");
    said.className = "fr-hint-text";
    said.setAttribute("role", "status");
    const calendar = document.createElement("input");
    calendar.type = "date";
    calendar.className = "day-calendar";
    calendar.tabIndex = -1;
    calendar.setAttribute("aria-hidden", "true");
    calendar.min = input.dataset.first || "";
    calendar.max = input.dataset.last || "";

    const tell = () => {
      const date = read(input.value);
      said.textContent = date ? inFrench(date) : "";
      calendar.value = date ? iso(date) : "";
    };
    const set = (date) => {
      input.value = typed(date);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
      input.focus();
    };
    input.addEventListener("input", tell);
    calendar.addEventListener("input", () => {
      if (calendar.value) set(new Date(`${calendar.value}T00:00`));
    });
    const today = new Date();
    const isPossible = (!calendar.min || calendar.min <= iso(today)) && (!calendar.max || iso(today) <= calendar.max);
    if (isPossible) beside.append(button("Aujourd’hui", label, () => set(today)));
    beside.append(button("Calendrier", label, () => calendar.showPicker()), calendar, said);
    input.after(beside);
    tell();
  }
});
