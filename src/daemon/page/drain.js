// A drain: who is waited for, and for how long at most.
const DRAIN_WORDS = {
  lingering: "takes no new callers; gives load balancers time to notice",
  waiting: "waits until the callers that there are have gone",
  stopping: "stops the workers",
  drained: "nobody is left; workers are stopped",
};

function showDrain() {
  const drain = model.status && model.status.drain;
  const under = drain && drain.state !== "open";
  setShown(byId("drain"), Boolean(under));
  if (!under) return;
  const left = typeof drain.left_usec === "number" ? countdown(drain.left_usec - model.sinceStatus()) : null;
  replaceIfNew(byId("drain-body"),
    make("p", { class: "lead" }, badge("warn", drain.state), " ", DRAIN_WORDS[drain.state] || ""),
    make("dl", { class: "figures" },
      make("div", null, make("dt", null, "waited for"), make("dd", null, count(drain.waiting_for, "caller", "callers"))),
      left ? make("div", null, make("dt", null, "cut in"), make("dd", null, left)) : null));
}
