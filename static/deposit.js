// Sends each paper as soon as it is chosen, and says what it is. Without it, a form of plain fields.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const deposit = document.querySelector(".deposit");
  if (!deposit) return;
  const input = deposit.querySelector(".deposit-input");
  const lines = deposit.querySelector(".deposit-lines");
  const form = deposit.closest("form");
  const version = form.querySelector("input[name=version]");
  // Whoever signs in again, in another tab, has another token than this page was made with.
  const token = () =>
    document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ||
    form.querySelector("input[name=csrfmiddlewaretoken]").value;

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

  // `told` is what a person answered of a paper: its `kind`, and `even_unsigned`.
  const send = (files, line, told = {}) =>
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
          for (const [name, value] of Object.entries(told)) body.append(name, value);
          const request = new XMLHttpRequest();
          request.open("POST", deposit.dataset.address);
          request.setRequestHeader("X-CSRFToken", token());
          request.responseType = "json";
          request.upload.addEventListener("progress", (event) => {
            if (event.lengthComputable) progress.value = event.loaded / event.total;
          });
          request.addEventListener("loadend", () => {
            show(files, line, told, request);
            done();
          });
          request.send(body);
        }),
    );

  const names = (files) => Array.from(files, (file) => file.name).join(", ");

  const show = (files, line, told, request) => {
    const { status, response: answer } = request;
    line.replaceChildren(made("strong", names(files)), made("br"));
    if (status === 200 && answer?.label) {
      version.value = answer.version;
      line.append(made("span", `${answer.label} : reçu et gardé.`, "fr-valid-text"));
    } else if (status === 200 && answer?.ask) {
      ask(files, line, "Ce papier n’a pas été reconnu. Quel est-il ?", kindsOf(answer.ask));
    } else if (status === 200 && answer?.unsigned) {
      const anyway = { kind: answer.kind, even_unsigned: "1" };
      ask(files, line, `${answer.unsigned} L’ajouter quand même ?`, [
        ["Ajouter quand même, non signé", anyway],
      ]);
    } else if (answer?.error) {
      line.append(made("span", answer.error, "fr-error-text"));
    } else {
      const again = [["Envoyer de nouveau", told]];
      ask(files, line, "Ce papier n’a pas été reçu. Il est encore dans cette page.", again);
      if (hasEnded(request)) line.querySelector("legend").append(signIn(request));
    }
  };

  // Another page than the one asked answers: of the sign-in.
  const hasEnded = ({ responseURL }) => responseURL && new URL(responseURL).pathname !== deposit.dataset.address;

  const signIn = ({ responseURL }) => {
    const said = made("span", " Votre session a pris fin : ");
    const link = made("a", "connectez-vous dans un nouvel onglet");
    link.href = `${new URL(responseURL).pathname}?next=${encodeURIComponent(location.pathname)}`;
    link.target = "_blank";
    link.rel = "noopener";
    said.append(link, ", puis revenez ici l’envoyer de nouveau.");
    return said;
  };

  const kindsOf = (kinds) => kinds.map(([kind, label]) => [label, { kind }]);

  // The files stay in the page until they are answered for: nobody chooses them again.
  const ask = (files, line, question, answers) => {
    const group = made("fieldset", "", "deposit-ask");
    group.append(made("legend", question));
    const offer = (label, weight, answer) => {
      const button = made("button", label, `fr-btn fr-btn--sm ${weight}`);
      button.type = "button";
      button.addEventListener("click", answer);
      group.append(button);
    };
    for (const [label, told] of answers) {
      offer(label, "fr-btn--secondary", () => send(files, line, told));
    }
    offer("Ne pas l’ajouter", "fr-btn--tertiary", () => {
      line.remove();
      input.focus();
    });
    line.append(group);
  };

  const awaited = () => lines.querySelector(".deposit-ask, progress");

  // What is not kept yet would be lost with the page.
  form.addEventListener("submit", (event) => {
    if (!awaited()) return;
    event.preventDefault();
    awaited().scrollIntoView({ block: "center" });
    const words = awaited().matches("progress")
      ? "Rien n’est encore enregistré : attendez que ce papier soit reçu, puis recommencez."
      : "Rien n’est encore enregistré : dites d’abord quoi faire de ce papier.";
    if (!lines.querySelector(".deposit-awaited")) {
      awaited().closest("li").append(made("p", words, "fr-error-text deposit-awaited"));
    }
    awaited().querySelector("button")?.focus();
  });
  window.addEventListener("beforeunload", (event) => {
    if (awaited()) event.preventDefault();
  });

  const take = (chosen) => {
    const files = Array.from(chosen);
    const isPhotograph = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);
    const papers = files.filter((file) => !isPhotograph(file)).map((file) => [file]);
    const pages = files.filter(isPhotograph);
    for (const paper of pages.length ? [...papers, pages] : papers) {
      const line = made("li");
      lines.append(line);
      send(paper, line);
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
