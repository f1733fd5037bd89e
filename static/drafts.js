// Keeps a long text as it is typed, and says so. Without it, the button « Garder » does.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const status = document.querySelector("[data-draft-status]");
  if (!status) return;
  const form = status.closest("form");
  let isDirty = false;
  let timer = 0;
  let underWay = null;

  const answer = async (response) => {
    // Another page answers: of the sign-in, or this one again. The site has kept what came.
    if (response.redirected) return status.dataset.ended;
    if (response.status === 409) return status.dataset.closed;
    if (!response.ok) throw new Error(response.statusText);
    return (await response.json()).said;
  };

  const read = () => {
    const typed = new FormData(form);
    for (const [name, value] of [...typed]) if (value instanceof File) typed.delete(name);
    typed.set("keep_draft", "1");
    return typed;
  };

  // What outlives its page is sent by the browser up to 64 KiB, what stands around each field included.
  const outlivesPage = (typed) => {
    const encoder = new TextEncoder();
    const sizes = [...typed].map(([name, value]) => encoder.encode(name + value.replace(/\n/g, "\r\n")).length + 200);
    return sizes.reduce((one, other) => one + other, 0) < 65536;
  };

  const keep = async ({ isLeaving = false } = {}) => {
    clearTimeout(timer);
    isDirty = false;
    const typed = read();
    const headers = { Accept: "application/json" };
    const keepalive = isLeaving && outlivesPage(typed);
    try {
      const response = await fetch(location.pathname, { method: "POST", body: typed, headers, keepalive });
      status.textContent = await answer(response);
    } catch {
      isDirty = true;
      status.textContent = status.dataset.failed;
    }
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => { underWay = keep().finally(() => { underWay = null; }); }, 1500);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && isDirty) keep({ isLeaving: true });
  });
  // A text too long for that, typed a moment ago: the browser asks before it is lost.
  window.addEventListener("beforeunload", (event) => {
    if (isDirty && !outlivesPage(read())) event.preventDefault();
  });
  // What is sent is a draft no more: nothing may keep it after that.
  form.addEventListener("submit", (event) => {
    // What is only looked at, in another window, stays here to be kept.
    if (event.submitter?.formTarget === "_blank") return;
    clearTimeout(timer);
    isDirty = false;
    if (!underWay) return;
    event.preventDefault();
    underWay.then(() => form.requestSubmit(event.submitter));
  });
});
