// Follows a fetch. The page says the same without this, each time it is loaded.
"use strict";
(function () {
  var list = document.getElementById("states");
  if (!list || !window.EventSource) return;
  var status = document.getElementById("status");
  var events = new EventSource(list.dataset.events);

  events.addEventListener("job", function (event) {
    var news = JSON.parse(event.data);
    news.rows.forEach(function (row) {
      var line = list.querySelector('[data-source="' + row.source + '"]');
      if (!line) return;
      line.querySelector("use").setAttribute("href", "#" + row.shape);
      line.querySelector(".word").textContent = row.word;
    });
    // Spoken by screen readers only when it changes.
    if (status.textContent !== news.status) status.textContent = news.status;
    if (!news.over) return;
    events.close();
    var over = document.getElementById("over");
    document.getElementById("waiting").hidden = true;
    if (over) over.hidden = false;
  });
})();
