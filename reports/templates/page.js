"use strict";
(() => {
  const root = document.documentElement;
  const plots = JSON.parse(document.getElementById("plots").textContent);

  // Figures name their colours as CSS variables; a copy with the colours of the moment is what plotly draws.
  const painted = (node, styles) => {
    if (Array.isArray(node)) return node.map((child) => painted(child, styles));
    if (node === null || typeof node !== "object") return node;
    return Object.fromEntries(Object.entries(node).map(([key, value]) => {
      const isColor = /color$/.test(key) && typeof value === "string" && value.startsWith("--");
      return [key, isColor ? styles.getPropertyValue(value).trim() : painted(value, styles)];
    }));
  };

  const draw = () => {
    const styles = getComputedStyle(root);
    const isMouse = matchMedia("(pointer: fine)").matches;
    for (const element of document.querySelectorAll("[data-plot]")) {
      const { data, layout } = painted(plots[element.dataset.plot], styles);
      layout.dragmode = isMouse ? "zoom" : false; // a finger on a figure scrolls the page
      Plotly.react(element, data, layout, {
        displaylogo: false,
        displayModeBar: isMouse ? "hover" : false,
        modeBarButtons: [["toImage", "resetScale2d"]],
      });
    }
  };

  // Plotly's own way looks at the window alone and waits; a figure's room also changes without the window.
  const fitted = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.querySelector(".main-svg").clientWidth !== target.clientWidth) Plotly.relayout(target, { autosize: true });
    }
  });

  const drawOnPaper = (isPaper) => {
    root.classList.toggle("paper", isPaper);
    draw();
  };

  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };

  // Stable, and cells without a key stay last in both directions.
  const sort = (header) => {
    const row = header.parentElement;
    const body = row.closest("table").tBodies[0];
    const direction = header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    const sign = direction === "ascending" ? 1 : -1;
    const key = (line) => line.cells[header.cellIndex].dataset.key;
    const lines = [...body.rows].sort((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return sign * compare(a, b);
    });
    for (const cell of row.cells) cell.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    body.append(...lines);
  };

  // A page in a sandboxed frame may not reach the clipboard: then the text is selected, one key press from copied.
  const copy = async (button) => {
    const source = document.getElementById(button.dataset.copy);
    const status = button.parentElement.querySelector(".copied");
    getSelection().selectAllChildren(source);
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = "Copied";
    } catch {
      status.textContent = "Selected: press Ctrl+C or ⌘C";
    }
  };

  document.addEventListener("click", ({ target }) => {
    const header = target.closest(".sortable thead th");
    if (header && target.closest("button")) sort(header);
    const button = target.closest("[data-copy]");
    if (button) copy(button);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => drawOnPaper(true));
  addEventListener("afterprint", () => drawOnPaper(false));
  draw();
  for (const element of document.querySelectorAll("[data-plot]")) fitted.observe(element);
})();
