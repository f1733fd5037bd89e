// Sends each paper as soon as it is chosen, and says what it is. Without it, a form of plain fields.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const deposit = document.querySelector(".deposit");
  if (!deposit) return;
  const input = deposit.querySelector(".deposit-input");
  const lines = deposit.querySelector(".deposit-lines");
  const form = deposit.closest("form");
  const version = form.querySelector("input[name=version]");
  const token = form.querySelector("input[name=csrfmiddlewaretoken]").value;

  deposit.querySelector(".deposit-drop").hidden = false;
  deposit.querySelector(".deposit-plain").remove();

  const made = (name, text, className) => {
    const element = document.createElement(name);
    if (text) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  // One after the other: each keeps a version of the file.
  let last = Promise.resolve();
  const queue = (work) => (last = last.then(work));

  const send = (files, line, kind) =>
    queue(
      () =>
        new Promise((done) => {
          const progress = made("progress");
          progress.max = 1;
          progress.value = 0;
          progress.setAttribute("aria-label", `Envoi de ${files[0].name}`);
          line.replaceChildren(made("strong", names(files)), made("br"), progress);
          const body = new FormData();
          for (const file of files) body.append("file", file);
          if (kind) body.append("kind", kind);
          const request = new XMLHttpRequest();
          request.open("POST", deposit.dataset.address);
          request.setRequestHeader("X-CSRFToken", token);
          request.responseType = "json";
          request.upload.addEventListener("progress", (event) => {
            if (event.lengthComputable) progress.value = event.loaded / event.total;
          });
          request.addEventListener("loadend", () => {
            show(files, line, request.response, request.status);
            done();
          });
          request.send(body);
        }),
    );

  const names = (files) => Array.from(files, (file) => file.name).join(", ");

  const show = (files, line, answer, status) => {
    line.replaceChildren(made("strong", names(files)), made("br"));
    if (status === 200 && answer?.label) {
      version.value = answer.version;
      line.append(made("span", `${answer.label} : reçu et gardé.`, "fr-valid-text"));
    } else if (status === 200 && answer?.ask) {
      ask(files, line, answer.ask);
    } else {
      const error = answer?.error || "L’envoi n’a pas abouti. Choisissez ce fichier de nouveau.";
      line.append(made("span", error, "fr-error-text"));
    }
  };

  const ask = (files, line, kinds) => {
    const group = made("fieldset", "", "deposit-ask");
    group.append(made("legend", "Ce papier n’a pas été reconnu. Quel est-il ?"));
    for (const [kind, label] of kinds) {
      const button = made("button", label, "fr-btn fr-btn--sm fr-btn--secondary");
      button.type = "button";
      button.addEventListener("click", () => send(files, line, kind));
      group.append(button);
    }
    line.append(group);
  };

  const take = (chosen) => {
    const files = Array.from(chosen);
    const isPhotograph = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);
    const papers = files.filter((file) => !isPhotograph(file)).map((file) => [file]);
    const pages = files.filter(isPhotograph);
    for (const paper of pages.length ? [...papers, pages] : papers) {
      const line = made("li");
      lines.append(line);
      send(paper, line, "");
    }
  };

  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  deposit.addEventListener("dragover", (event) => event.preventDefault());
  deposit.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
});
