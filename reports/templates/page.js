"use strict";
(() => {
  const root = document.documentElement;
  const plots = JSON.parse(document.getElementById("plots").textContent);

  // Figures name colours as CSS variables; plotly draws a copy with the current values.
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

  // Plotly's own resizing follows the window only; the width of a figure also changes without it.
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

  // The sort is stable; cells without a key stay last in both directions.
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

  // In a sandboxed frame the clipboard is not available: the text is then selected, ready to be copied by key.
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

  // Shows one of several tables; without this script all of them are visible.
  const choose = (chooser) => {
    const { value } = chooser.querySelector("select");
    for (const each of chooser.querySelectorAll("[data-choice]")) each.hidden = each.dataset.choice !== value;
  };

  const brief = (value) => value.toFixed(2).replace(/^0/, "");

  const tooltip = (values, names, i, j) => {
    const own = (n) => (values[n][n] === null ? "" : `; two fits of ${names[n]} ${brief(values[n][n])}`);
    if (i === j) return `${names[i]}: fits with different seeds`;
    return `${names[i]} and ${names[j]}${own(i)}${own(j)}`;
  };

  // The page contains all heatmaps; the table shows the selected one.
  const fillHeatmap = (box) => {
    const picked = (name) => box.querySelector(`select[name=${name}]`);
    const of = picked("of").value;
    for (const option of picked("among").options) option.hidden = option.disabled = option.dataset.of !== of;
    if (picked("among").selectedOptions[0].disabled) {
      picked("among").selectedIndex = [...picked("among").options].findIndex((option) => !option.disabled);
    }
    const maps = JSON.parse(box.querySelector("script").textContent);
    const { description, values } = maps[["of", "measure", "k", "among"].map((name) => picked(name).value).join("/")];
    const names = [...box.querySelectorAll("thead th")].map((cell) => cell.textContent);
    box.querySelector(".described").textContent = description;
    [...box.querySelector("tbody").rows].forEach((row, i) => [...row.cells].slice(1).forEach((cell, j) => {
      const value = values[i][j];
      cell.textContent = value === null ? "–" : brief(value);
      cell.style.setProperty("--heat", value ?? 0);
      cell.title = tooltip(values, names, i, j);
    }));
  };

  document.addEventListener("change", ({ target }) => {
    const chooser = target.closest("[data-chooser]");
    if (chooser) choose(chooser);
    const box = target.closest("[data-heatmap]");
    if (box) fillHeatmap(box);
  });
  document.querySelectorAll("[data-chooser]").forEach(choose);
  document.querySelectorAll("[data-heatmap]").forEach(fillHeatmap);

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
