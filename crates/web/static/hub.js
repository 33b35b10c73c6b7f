// What the pages do better with a script. Without it every page still works.
(() => {
  "use strict";
  const root = document.documentElement;
  const all = (what) => document.querySelectorAll(what);

  // Copying: `data-copy` holds the text, or `data-copy-from` names the element that shows it.
  const textOf = (button) => button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.textContent.trim() ?? "";
  const say = (button, what) => {
    const word = button.querySelector("[data-word]") ?? button;
    button.dataset.was ??= word.textContent;
    word.textContent = what;
    setTimeout(() => { word.textContent = button.dataset.was; }, 2000);
  };
  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(textOf(button));
      say(button, "Copied");
    } catch {
      const shown = document.getElementById(button.dataset.copyFrom);
      if (shown) getSelection().selectAllChildren(shown);
      say(button, "Press Ctrl+C");
    }
  };

  // A secret as a file: it is made here and travels nowhere. Only PEM ends its last line: elsewhere the end of a line would be part of the secret.
  const download = (button) => {
    const link = document.createElement("a");
    const text = textOf(button);
    const file = text.startsWith("-----BEGIN ") ? `${text}\n` : text;
    link.href = URL.createObjectURL(new Blob([file], { type: "text/plain" }));
    link.download = button.dataset.download;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  // Light, dark or as the system says; the server reads the same cookie.
  const theme = (event) => {
    const chosen = event.submitter?.value;
    if (!chosen) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? ";Secure" : "";
    document.cookie = `keywright-theme=${chosen};Path=/;Max-Age=31536000;SameSite=Lax${secure}`;
    if (chosen === "system") delete root.dataset.theme; else root.dataset.theme = chosen;
    for (const other of event.target.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other.value === chosen));
  };

  // Leaving a page that shows a secret asks once.
  const guard = (event) => { event.preventDefault(); };
  const unguard = () => removeEventListener("beforeunload", guard);

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy],[data-copy-from],[data-stored]");
    if (!button) return;
    if ("stored" in button.dataset) unguard();
    else if ("download" in button.dataset) download(button);
    else copy(button);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-theme-form]")) theme(event);
    if (event.target.querySelector("[data-stored]")) unguard();
  });
  if (document.querySelector("[data-secret]")) {
    addEventListener("beforeunload", guard);
    addEventListener("beforeunload", unguard);
  }
  for (const button of all("[data-copy],[data-copy-from],[data-print]")) button.hidden = false;
  for (const button of all("[data-download-now] [data-download]")) download(button);
  for (const button of all("[data-print]")) button.addEventListener("click", () => print());
  document.querySelector("[data-errors]")?.focus();
})();
