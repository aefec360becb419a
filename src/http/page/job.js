"use strict";
// A job's page: lines that are marked by the address, and the log of a build that runs. The other script comes first.
function mark(event) {
  const [, a, b = a] = location.hash.match(/^#L(\d+)(?:-L(\d+))?$/) || [];
  $$(".marked").forEach(e => e.classList.remove("marked"));
  for (let n = +a; n <= Math.min(b, +a + 5e3); n++) $("#L" + n)?.classList.add("marked");
  if (event && a) $("#L" + a)?.scrollIntoView({ block: "center" });
}
async function follow(log) {
  const box = $("#follow"), on = box.firstElementChild;
  let n = 0, missed = 0, rest = "";
  box.hidden = false;
  const set = () => { log.role = on.checked ? "log" : "region"; if (on.checked) log.scrollTop = log.scrollHeight, missed = 0; };
  on.onchange = set;
  log.onscroll = () => { const end = log.scrollTop + log.clientHeight > log.scrollHeight - 30; if (end != on.checked) on.checked = end, set(); };
  for (let reader = (await fetch(log.dataset.follow)).body.pipeThrough(new TextDecoderStream()).getReader(), got; !got?.done;) {
    got = await reader.read();
    const lines = (rest + (got.value || "")).split("\n");
    rest = lines.pop();
    if (got.done && rest) lines.push(rest);
    n += Math.max(0, lines.length - 1e3);
    for (const line of lines.slice(-1e3)) {
      const row = $("template").content.firstElementChild.cloneNode(1), [no, , code] = row.children;
      row.id = "L" + ++n; no.href = "#L" + n; say(no, n); say(code, line); log.append(row);
    }
    while (log.childElementCount > 5e3) log.firstElementChild.remove();
    missed += lines.length; on.checked && set();
    say($("#log-state"), missed ? missed + " new lines below" : n + " lines");
  }
}
onclick = async e => {
  const gap = e.target.closest("[data-gap]");
  if (gap) e.preventDefault(), gap.parentNode.replaceWith(...$$(".line", parse(await (await fetch(gap)).text())));
};
const copy = $("[data-copy]");
if (copy) copy.hidden = !navigator.clipboard, copy.onclick = () => navigator.clipboard.writeText(location).then(() => say(copy, "Copied"));
onhashchange = mark;
mark(1);
if ($("[data-follow]")) follow($("[data-follow]"));
