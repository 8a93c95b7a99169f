"use strict";
(() => {
  const FIRST_ROWS = 100;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  document.documentElement.classList.add("script");

  for (const button of document.querySelectorAll(".enlarge")) {
    button.addEventListener("click", () => {
      const large = button.closest("figure").classList.toggle("large");
      button.setAttribute("aria-expanded", String(large));
      button.textContent = large ? "Make small" : "Enlarge";
    });
  }

  for (const section of document.querySelectorAll(".caches")) {
    const body = section.querySelector("tbody");
    const search = section.querySelector("input");
    const output = section.querySelector("output");
    const more = section.querySelector(".more");
    const none = section.querySelector(".none");
    const chips = [...section.querySelectorAll(".chip")];
    const heads = [...section.querySelectorAll("th")];
    const rows = [...body.rows].map((element) => ({
      element,
      label: element.dataset.label,
      text: element.textContent.toLowerCase(),
      values: [...element.cells].map((cell) => cell.dataset.value ?? cell.textContent),
    }));
    let shown = FIRST_ROWS;

    const draw = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true");
      const labels = new Set(pressed.map((chip) => chip.dataset.label));
      let found = 0;
      for (const row of rows) {
        const matches = (!labels.size || labels.has(row.label)) && words.every((word) => row.text.includes(word));
        found += matches;
        row.element.hidden = !matches || found > shown;
      }
      const all = rows.length.toLocaleString("en");
      output.textContent = found === rows.length ? "" : `${found.toLocaleString("en")} of ${all}`;
      none.hidden = found > 0;
      more.hidden = found <= shown;
      more.textContent = `Show all ${found.toLocaleString("en")}`;
    };

    const sort = (head) => {
      const column = heads.indexOf(head);
      const up = head.getAttribute("aria-sort") !== "ascending";
      const number = head.dataset.kind === "number";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = number
        ? (one, other) => one.values[column] - other.values[column]
        : (one, other) => collator.compare(one.values[column], other.values[column]);
      rows.sort((one, other) => (up ? compare(one, other) : compare(other, one)));
      body.append(...rows.map((row) => row.element));
      draw();
    };

    heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
    search.addEventListener("input", draw);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        draw();
      });
    }
    more.addEventListener("click", () => {
      shown = Infinity;
      draw();
    });
    // A printed page has no button that shows the rest.
    addEventListener("beforeprint", () => more.click());
    draw();
  }
})();
