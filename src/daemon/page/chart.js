// Curves over time: callers and probe latency.
function roundUp(n) {
  if (n <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= n);
}

// The pieces of a curve: where nothing is known there is a hole, not a zero.
function pieces(samples, valueOf, gap) {
  const found = [];
  let piece = null;
  let last = 0;
  for (const sample of samples) {
    const value = valueOf(sample);
    if (value === null || (piece && sample.at - last > gap)) piece = null;
    if (value !== null) {
      if (!piece) found.push((piece = []));
      piece.push([sample.at, value]);
    }
    last = sample.at;
  }
  return found;
}

function curve(box, scale, samples, spec) {
  const values = samples.map(spec.value).filter((value) => value !== null);
  const top = roundUp(Math.max(0, ...values));
  const y = (value) => box.y + box.height - (value / top) * (box.height - 4);
  const base = box.y + box.height;
  const group = draw("g", { class: `curve ${spec.name}` });
  group.append(draw("line", { class: "base", x1: scale.left, x2: scale.right, y1: base, y2: base }));
  for (const piece of pieces(samples, spec.value, model.sampleInterval * 3)) {
    const points = piece.map(([at, value]) => `${scale.x(at).toFixed(1)} ${y(value).toFixed(1)}`);
    const from = scale.x(piece[0][0]).toFixed(1);
    const to = scale.x(piece[piece.length - 1][0]).toFixed(1);
    group.append(draw("path", { class: "area", d: `M${from} ${base}L${points.join("L")}L${to} ${base}Z` }));
    group.append(draw("path", { class: "line", d: `M${points.join("L")}${points.length === 1 ? "h1" : ""}` }));
  }
  group.append(draw("text", { class: "lane", x: scale.left - 8, y: box.y + 12 }, spec.label));
  group.append(draw("text", { class: "top", x: scale.left - 8, y: box.y + 26 }, values.length ? `${timeline.width < NARROW ? "" : "max "}${spec.say(Math.max(...values))}` : "no data"));
  return group;
}

// The sample that is nearest to that time; null: nobody looked around then.
function sampleAt(at) {
  let found = null;
  for (const sample of model.samples) {
    const distance = Math.abs(sample.at - at);
    if (distance < model.sampleInterval && (!found || distance < Math.abs(found.at - at))) found = sample;
  }
  return found;
}
