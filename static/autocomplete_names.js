// A field that completes what is typed bears its label: Select2 names it by the value, empty at first.
"use strict";

// Pages without such fields have no jQuery; on the others, Select2 comes first.
window.django?.jQuery?.(() => {
  const name = (fields) => {
    for (const field of fields) {
      const cell = field.closest("td");
      const label =
        document.querySelector(`label[for="${field.id}"]`) ??
        cell?.closest("table").rows[0].cells[cell.cellIndex];
      const shown = field.parentElement.querySelector(".select2-selection");
      if (!label || !shown) continue;
      const words = label.textContent.replace(/\s*:\s*$/, "").trim();
      shown.removeAttribute("aria-labelledby");
      shown.setAttribute("aria-label", words);
      shown.querySelector("[role=textbox]")?.setAttribute("aria-label", words);
    }
  };
  name(document.querySelectorAll("select.admin-autocomplete"));
  document.addEventListener("formset:added", (event) => {
    setTimeout(() => name(event.target.querySelectorAll("select.admin-autocomplete")));
  });
});
