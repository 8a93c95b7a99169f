"use strict";
(() => {
  const FIRST_ROWS = 100;
  const MORE_ROWS = 2000;  // a browser takes long to lay out a table of all rows
  const TAIL = 16;
  const number = (count) => count.toLocaleString("en");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  // What is compared in a search: macOS may name a branch with a letter and its accent as two characters.
  const plain = (text) => text.normalize("NFC").toLowerCase();
  document.documentElement.classList.add("script");

  for (const button of document.querySelectorAll(".enlarge")) {
    button.addEventListener("click", () => {
      const large = button.closest("figure").classList.toggle("large");
      button.setAttribute("aria-expanded", String(large));
      button.textContent = large ? "Make small" : "Enlarge";
    });
  }

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children.filter((child) => child !== ""));
    return made;
  };

  // A name in two parts, as the template has it: counted in characters.
  const cut = (name) => {
    const characters = [...name];
    const tail = characters.length > 2 * TAIL ? characters.splice(-TAIL) : [];
    const parts = [characters, tail].slice(0, tail.length ? 2 : 1);
    return element("bdi", { className: "cut", title: name }, ...parts.map((part) => element("span", {}, part.join(""))));
  };

  // A row of the table: what it is searched by, what each column is sorted by, and its element once it was shown.
  const rowOfElement = (made) => ({
    label: made.dataset.label,
    text: plain([...made.cells].map((cell) => cell.textContent).join(" ")),
    values: [...made.cells].map((cell) => cell.dataset.value ?? cell.textContent),
    element: () => made,
  });

  // The same of a row that html_rows.py wrote as data; its element is made when it is shown.
  const rowOfData = (texts, withReasons) => (data) => {
    const [branch, cache, kind, bytes, size, modified, label, by, why] = data;
    const clock = modified.slice(0, 16).replace("T", " ") || "unknown";
    const before = [texts[branch], cache, texts[kind]];
    const after = [clock, texts[label], texts[by], ...(withReasons ? [texts[why]] : [])];
    let made = null;
    const make = () => {
      const cell = (name, ...children) => element("td", { className: name }, ...children);
      const amount = cell("size", texts[size]);
      amount.dataset.value = bytes;
      made = element("tr", {},
        cell("branch", cut(texts[branch])), cell("cache", cut(cache)), cell("kind", texts[kind]), amount,
        cell("modified", modified ? element("time", { dateTime: modified }, clock) : clock),
        cell("outcome", element("span", { className: `badge ${texts[label]}` }, texts[label])), cell("by", texts[by]),
        ...(withReasons ? [cell("why", texts[why])] : []));
      made.dataset.label = texts[label];
      return made;
    };
    return {
      label: texts[label],
      text: plain([...before, texts[size], ...after].join(" ")),
      values: [...before, bytes, ...after],
      element: () => made ?? make(),
    };
  };

  for (const section of document.querySelectorAll(".caches")) {
    const body = section.querySelector("tbody");
    const search = section.querySelector("input");
    const output = section.querySelector("output");
    const more = section.querySelector(".more");
    const none = section.querySelector(".none");
    const chips = [...section.querySelectorAll(".chip")];
    const heads = [...section.querySelectorAll("th")];
    const block = section.querySelector("script");
    const data = block ? JSON.parse(block.textContent) : { rows: [], texts: [] };
    const rows = [...body.rows].map(rowOfElement);
    for (const row of data.rows.map(rowOfData(data.texts, section.querySelector("th.why") !== null))) rows.push(row);
    let shown = FIRST_ROWS;

    const draw = (most) => {
      const words = plain(search.value).split(/\s+/).filter(Boolean);
      const pressed = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true");
      const labels = new Set(pressed.map((chip) => chip.dataset.label));
      const found = rows.filter((row) =>
        (!labels.size || labels.has(row.label)) && words.every((word) => row.text.includes(word)));
      const drawn = new DocumentFragment();
      for (const row of found.slice(0, most)) drawn.append(row.element());
      body.replaceChildren(drawn);
      output.textContent = found.length === rows.length ? "" : `${number(found.length)} of ${number(rows.length)}`;
      none.hidden = found.length > 0;
      const left = found.length - most;
      more.hidden = left <= 0;
      more.textContent = left > MORE_ROWS
        ? `Show ${number(MORE_ROWS)} more of ${number(left)}` : `Show all ${number(found.length)}`;
    };

    const sort = (head) => {
      const column = heads.indexOf(head);
      const up = head.getAttribute("aria-sort") !== "ascending";
      const byNumber = head.dataset.kind === "number";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const compare = byNumber
        ? (one, other) => one.values[column] - other.values[column]
        : (one, other) => collator.compare(one.values[column], other.values[column]);
      rows.sort((one, other) => (up ? compare(one, other) : compare(other, one)));
      draw(shown);
    };

    heads.forEach((head) => head.querySelector("button").addEventListener("click", () => sort(head)));
    search.addEventListener("input", () => draw(shown));
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        draw(shown);
      });
    }
    more.addEventListener("click", () => {
      shown += MORE_ROWS;
      draw(shown);
    });
    // A printed page has no button that shows the rest.
    addEventListener("beforeprint", () => draw(Infinity));
    addEventListener("afterprint", () => draw(shown));
    draw(shown);
  }
})();
