import { z } from "zod";
import { type Check, expectThat } from "../support/check.ts";
import { asking, call, saying } from "../support/replies.ts";

const Offers = z.object({ tools: z.array(z.object({ name: z.string() })) });

const list = (id: string) => call(id, "list_processes");
const study = (id: string, location: string) => call(id, "study_climate", { location });
const wait = (...ids: readonly string[]) => call("wait", "await_processes", { ids });

/** Four processes: one ends well, one fails, one is cancelled, and one runs or waits for a thread. */
export const check: Check = async ({ ask }) => {
  const replies = [
    asking(list("empty")),
    asking(study("z", "Lima"), study("b", "Atlantis"), study("y", "Vostok"), study("a", "Tokyo")),
    asking(wait("z", "b")),
    asking(call("cancel", "cancel_process", { id: "y" })),
    asking(list("all")),
  ];
  const { requests, feedback } = await ask({
    replies: (step) => replies[step] ?? saying("done"),
    tools: {
      study_climate({ location }, { signal }) {
        if (location === "Lima") return "mild";
        if (location === "Atlantis") throw new Error("no station");
        // It never ends and never looks at its flag, so the program ends its thread.
        if (location === "Vostok") return undefined;
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve("late")));
      },
    },
  });
  const offered = Offers.parse(requests[0]).tools.map(({ name }) => name);
  expectThat(
    offered.includes("list_processes"),
    `expected list_processes to be a tool; the model is offered ${offered.join(", ")}`,
  );
  const [empty, , , , all] = feedback.map(({ results: [one] }) => one?.result ?? one?.error);
  expectThat(
    JSON.stringify(empty) === "[]",
    `no process was started, so expected an empty list, got ${JSON.stringify(empty)}`,
  );
  const Listed = z.array(z.object({ id: z.string(), status: z.string() }));
  const parsed = Listed.safeParse(all);
  expectThat(parsed.success, `expected a list of ids and statuses, got ${JSON.stringify(all)}`);
  const said = parsed.data.map(({ id, status }) => `${id} ${status}`).join(", ");
  const statuses = ["z success", "b failure", "y cancelled", "a running"];
  expectThat(
    said.split(", ").toSorted().join(", ") === statuses.toSorted().join(", "),
    `z has a result, b has failed, y was cancelled and a has not ended; the list says ${said || "nothing"}`,
  );
  expectThat(
    said === statuses.join(", "),
    `the processes were started in the order z, b, y, a; the list says ${said}`,
  );
  return `the list was empty at first, and at the end it said ${said}`;
};
