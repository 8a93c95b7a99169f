// Marks clicked, deleted and refused rows for a user who watches the browser. It does not change the page's elements.
(config) => {
  if (location.origin !== config.origin || window.top !== window) return;
  const COLOURS = { clicked: "#e6a700", deleted: "#2e9e4f", failed: "#d93025" };
  const LABELS = { clicked: "rows clicked", deleted: "answered as deleted", failed: "refused" };
  const FADE_MS = 700;

  const host = document.createElement("div");
  // A shadow root above the page. Clicks pass through it, and it does not affect the page's layout.
  host.dataset.purger = "";
  host.style.cssText = "position:fixed;inset:0;pointer-events:none;z-index:2147483647;contain:strict";
  const root = host.attachShadow({ mode: "closed" });
  const make = (css, text = "") => {
    const element = document.createElement("div");
    element.style.cssText = css;
    element.textContent = text;
    root.append(element);
    return element;
  };

  const legend = make("position:absolute;z-index:1;right:12px;bottom:12px;padding:10px 14px;border-radius:6px;background:#202124ee;color:#fff;font:13px/1.6 system-ui,sans-serif");
  const counts = { clicked: 0, deleted: 0, failed: 0 };
  const lines = Object.fromEntries(Object.keys(COLOURS).map((state) => {
    const line = document.createElement("div");
    line.style.cssText = `border-left:12px solid ${COLOURS[state]};padding-left:8px`;
    legend.append(line);
    return [state, line];
  }));
  const title = document.createElement("div");
  title.textContent = "purger";
  title.style.cssText = "font-weight:600";
  legend.prepend(title);
  const count = () => { for (const state in lines) lines[state].textContent = `${counts[state]} ${LABELS[state]}`; };
  count();

  const boxes = new Map();   // row -> {box, since}
  const draw = () => {
    const at = performance.now();
    for (const [item, mark] of boxes) {
      const gone = !item.isConnected;
      if (!gone) {
        const { left, top, width, height } = item.getBoundingClientRect();
        Object.assign(mark.box.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
        mark.since = at;
      }
      mark.box.style.opacity = gone ? String(Math.max(0, 1 - (at - mark.since) / FADE_MS)) : "1";
      if (gone && at - mark.since > FADE_MS) { mark.box.remove(); boxes.delete(item); }
    }
    requestAnimationFrame(draw);
  };
  const put = (item, state) => {
    if (!item) return;
    let mark = boxes.get(item);
    if (!mark) boxes.set(item, mark = { box: make("position:absolute;box-sizing:border-box;border-radius:4px"), since: performance.now() });
    mark.box.style.border = `3px solid ${COLOURS[state]}`;
    mark.box.style.background = `${COLOURS[state]}26`;
    counts[state] += 1;
    count();
  };

  const show = () => { document.documentElement.append(host); draw(); };
  if (document.body) show(); else document.addEventListener("DOMContentLoaded", show);
  Object.defineProperty(window, `${config.handle}marks`, {
    enumerable: false,
    value: Object.freeze({
      clicked: (item) => put(item, "clicked"),
      answered: (item, response) => put(item, response.status >= 200 && response.status < 300 ? "deleted" : "failed"),
    }),
  });
}
