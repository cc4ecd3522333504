(() => {
  "use strict";
  const told = JSON.parse(document.getElementById("data").textContent);
  const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const lines = (row) => {
    const [name, state, ...values] = told.cases[row];
    const head = "<b>case " + name.slice(0, 8) + "</b>" + (state ? " " + state : "");
    return [head, ...values.map((value, k) => safe(told.titles[k]) + ": <b>" + safe(value) + "</b>")].join("<br>");
  };
  const kept = document.getElementById("kept");
  kept.querySelector("button").addEventListener("click", () => { kept.hidden = true; });
  const keep = (row) => {
    kept.querySelector("div").innerHTML = lines(row) + "<code></code>";
    kept.querySelector("code").textContent =
      "cislunar trade " + told.file + " --export " + told.cases[row][0].slice(0, 8) + " > case.yaml";
    kept.hidden = false;
  };
  document.documentElement.classList.add("interactive");
  for (const [id, figure] of Object.entries(told.figures)) {
    const place = document.getElementById(id);
    for (const trace of figure.data) {
      if (trace.rows) {
        trace.hovertext = trace.rows.map(lines);
        trace.hoverinfo = "text";
        if (trace.letters) trace.text = trace.letters;
      }
      if (trace.cells) {
        trace.text = trace.text.map((own, j) => own.map((text, i) =>
          trace.cells[j][i] < 0 ? text : text + "<br>" + lines(trace.cells[j][i])));
      }
    }
    figure.layout.height = figure.height;
    Plotly.newPlot(place, figure.data, figure.layout, { responsive: true, displaylogo: false });
    place.on("plotly_click", (event) => {
      const point = event.points[0];
      const row = point.data.rows ? point.data.rows[point.pointNumber]
        : point.data.cells ? point.data.cells[point.pointNumber[0]][point.pointNumber[1]] : -1;
      if (row >= 0) keep(row);
    });
  }
  for (const table of document.querySelectorAll("table.cases")) {
    table.querySelectorAll("thead th").forEach((head, column) => head.addEventListener("click", () => {
      const body = table.tBodies[0];
      const turned = head.dataset.turned === "up" ? -1 : 1;
      head.dataset.turned = turned > 0 ? "up" : "down";
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      body.append(...[...body.rows].sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const gap = Number(x) - Number(y);
        return turned * (Number.isNaN(gap) ? x.localeCompare(y) : gap);
      }));
    }));
  }
})();
