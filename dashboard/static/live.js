// Refreshes a live page without moving it: asks for the page again and swaps the parts that changed.
// Without script, the page's own refresh does it.
"use strict";
(() => {
  const every = 1000 * Number(document.currentScript.dataset.seconds);
  const parts = (root) => [...root.querySelectorAll("main > *")];
  const refresh = async () => {
    try {
      if (!document.hidden) {
        const answer = await fetch(location.href, { cache: "no-store" });
        if (answer.ok) {
          const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
          const before = parts(document), after = parts(fresh);
          if (before.length !== after.length) {
            document.querySelector("main").replaceWith(fresh.querySelector("main"));
          } else {
            before.forEach((old, i) => {
              if (old.tagName === "DETAILS") after[i].open = old.open;
              const opened = [...old.querySelectorAll("details")];
              after[i].querySelectorAll("details").forEach((each, j) => { each.open = opened[j]?.open ?? false; });
              if (old.outerHTML !== after[i].outerHTML) old.replaceWith(after[i]);
            });
          }
        }
      }
    } catch {
      // The dashboard is away for a moment: try again next time.
    }
    setTimeout(refresh, every);
  };
  setTimeout(refresh, every);
})();
