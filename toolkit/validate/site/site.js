// Search, switches and sorting over the page's one table of rows. Without it all rows are shown.
"use strict";

const table = document.querySelector("table.list");
const body = table.tBodies[0];
const search = document.querySelector("input[type=search]");
const switches = [...document.querySelectorAll("[data-show]")];
const numbers = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function filterRows() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = switches.find((button) => button.ariaPressed === "true").dataset.show;
  let left = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    const fits = (!shown || row.dataset.outcome === shown) && words.every((word) => text.includes(word));
    row.hidden = !fits;
    left += fits;
  }
  document.querySelector(".nothing").hidden = left > 0;
}

function sortKey(row, column) {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
}

function sortRows(heading) {
  const down = heading.ariaSort === "ascending";
  for (const other of heading.parentNode.cells) other.ariaSort = null;
  heading.ariaSort = down ? "descending" : "ascending";
  const column = heading.cellIndex;
  const order = (a, b) => numbers.compare(sortKey(a, column), sortKey(b, column));
  body.append(...[...body.rows].sort((a, b) => (down ? order(b, a) : order(a, b))));
}

for (const heading of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  button.addEventListener("click", () => sortRows(heading));
  heading.append(button);
}
for (const button of switches) {
  button.addEventListener("click", () => {
    for (const other of switches) other.ariaPressed = String(other === button);
    filterRows();
  });
}
search.addEventListener("input", filterRows);
document.querySelector(".toolbar").hidden = false;
filterRows();
