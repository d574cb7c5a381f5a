"use strict";
// Filters and sorts the table. Without this script the whole table is shown, the newest deploy first.
{
  const form = document.getElementById("filters");
  const table = document.getElementById("table");
  const data = JSON.parse(document.getElementById("data").textContent);
  const status = document.getElementById("shown");
  if (table && data.length > 0) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row, index) => {
      const deploy = data[index];
      const link = row.querySelector("a[href^='#']");
      return { row, deploy, id: link && link.getAttribute("href").slice(1), text: JSON.stringify(deploy).toLowerCase() };
    });
    const outcome = (deploy) => deploy.outcome || "NotEnded";
    const fields = [
      ["Project", (deploy) => deploy.project_name],
      ["Config", (deploy) => deploy.config_name],
      ["Account", (deploy) => deploy.aws_account_id],
      ["Outcome", outcome],
      ["Started by", (deploy) => deploy.started_by],
    ];
    const field = (name, input) => {
      const label = document.createElement("label");
      label.append(name, input);
      form.append(label);
      return input;
    };
    const selects = fields.map(([name, value]) => {
      const select = document.createElement("select");
      const values = new Set(data.map(value).filter((it) => it != null));
      select.append(new Option("All", ""));
      for (const it of [...values].sort()) select.append(new Option(it, "=" + it));
      return [field(name, select), value];
    });
    const search = document.createElement("input");
    search.type = "search";
    field("Text", search);
    const reset = document.createElement("button");
    reset.type = "reset";
    reset.textContent = "Show all";
    form.append(reset);

    const apply = () => {
      const text = search.value.trim().toLowerCase();
      let shown = 0;
      for (const it of rows) {
        const matches = it.text.includes(text) && selects.every(([select, value]) => !select.value || "=" + value(it.deploy) === select.value);
        it.row.hidden = !matches;
        const timeline = it.id && document.getElementById(it.id);
        if (timeline) timeline.hidden = !matches;
        if (matches) shown += 1;
      }
      status.textContent = `${shown} of ${rows.length} deploys`;
    };
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    // The time lines follow this script.
    document.addEventListener("DOMContentLoaded", apply);
    form.hidden = false;

    const took = (deploy) => (deploy.ended && deploy.started ? Date.parse(deploy.ended) - Date.parse(deploy.started) : -1);
    const keys = [
      (deploy) => deploy.time, fields[0][1], fields[1][1], fields[2][1], outcome, took, fields[4][1], (deploy) => deploy.release_id,
    ];
    const headers = Array.from(table.tHead.rows[0].cells);
    const sort = (column) => {
      const header = headers[column];
      const sign = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of headers) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
      const key = ({ deploy }) => keys[column](deploy) ?? "";
      const compare = (a, b) => (a < b ? -sign : a > b ? sign : 0);
      const sorted = [...rows].sort((a, b) => compare(key(a), key(b)));
      body.append(...sorted.map(({ row }) => row));
    };
    headers.forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(column));
      header.append(button);
    });
  }
}
