// Studies: a slow tool answers with a handle, and its result comes later.
import { z } from "zod";
import { list } from "./compare.ts";
import { type Call, type Conversation, type Exchange, isOffered } from "./conversation.ts";
import { failureOf, show } from "./failures.ts";
import type { Study } from "./studies.ts";

const Handle = z.object({ handle: z.literal("process"), id: z.string() });
const Ends = z.array(z.looseObject({ id: z.string() }));
const Cancelled = z.object({ status: z.string() });

const SIGNAL = "signal_process";
const CANCEL = "cancel_process";
const AWAIT = "await_processes";
/** How often a process that has not ended is awaited. */
const MAX_AWAITS = 2;

/** Takes a call, returns true if it is about a process that another call has started. */
export function isAboutProcess({ name }: Call): boolean {
  return [SIGNAL, CANCEL, AWAIT].includes(name);
}

/** Takes a call, returns true if it starts a study or is about one. */
export function isOfStudy(call: Call): boolean {
  return call.name === "study_climate" || isAboutProcess(call);
}

/** What the results say about a study. The status is "none" if it was not started. */
type State = {
  readonly id?: string;
  readonly status: "none" | "running" | "ended" | "failed" | "cancelled";
  /** The result of the study, or why it has failed. */
  readonly said?: string;
  /** True if it was awaited and was still running. */
  readonly late?: boolean;
};

function stateOfEnd(id: string, { id: _, ...end }: z.infer<typeof Ends>[number]): State {
  if ("cancelled" in end) return { id, status: "cancelled" };
  const failure = failureOf(end);
  if (failure !== undefined) return { id, status: "failed", said: failure };
  return "result" in end
    ? { id, status: "ended", said: tell(end.result) }
    : { id, status: "running", late: true };
}

function tell(result: unknown): string {
  return typeof result === "string" ? result : show(result);
}

/** Reads the state of a study from the results of the calls. */
function stateOf({ place }: Study, exchanges: readonly Exchange[]): State {
  const start = exchanges.findLast(({ name, args }) => {
    return name === "study_climate" && args.location === place;
  });
  if (!start || failureOf(start.result) !== undefined) return { status: "none" };
  const id = Handle.safeParse(start.result).data?.id;
  if (id === undefined) return { status: "ended", said: tell(start.result) };
  const ends = exchanges.flatMap(({ name, result }) => {
    return name === AWAIT ? (Ends.safeParse(result).data ?? []) : [];
  });
  const end = ends.findLast((one) => one.id === id);
  if (end) return stateOfEnd(id, end);
  const cancel = exchanges.find(({ name, args }) => name === CANCEL && args.id === id);
  const isCancelled = Cancelled.safeParse(cancel?.result).data?.status === "cancelled";
  return { id, status: isCancelled ? "cancelled" : "running" };
}

/** Takes the wanted studies, returns the calls that start them. */
export function startCalls(studies: readonly Study[]): Call[] {
  return studies.flatMap(({ place, wanted }) => {
    return wanted ? { name: "study_climate", args: { location: place } } : [];
  });
}

/**
 * Takes the wanted studies and the conversation so far. Returns the calls about running studies: first
 * signals and cancels, and after those one call that waits for all.
 */
export function processCalls(
  studies: readonly Study[],
  { tools, exchanges }: Conversation,
): Call[] {
  const timesAsked = (name: string, id: string): number => {
    const asked = exchanges.filter(({ name: one, args }) => {
      return one === name && (args.id === id || [args.ids].flat().includes(id));
    });
    return asked.length;
  };
  const running = studies.flatMap((study) => {
    const { id, status, late } = stateOf(study, exchanges);
    return status === "running" && id !== undefined ? { ...study, id, late } : [];
  });
  const orders = running.flatMap(({ id, season, cancelled }): Call[] => {
    if (cancelled) return [{ name: CANCEL, args: { id } }];
    return season ? [{ name: SIGNAL, args: { id, name: "narrow", payload: season } }] : [];
  });
  const open = orders.filter(({ name, args }) => {
    return isOffered(tools, name) && timesAsked(name, String(args.id)) === 0;
  });
  if (open.length > 0) return open;
  const awaited = running.filter(({ id, awaited, late }) => {
    return awaited && timesAsked(AWAIT, id) < (late ? MAX_AWAITS : 1);
  });
  if (awaited.length === 0 || !isOffered(tools, AWAIT)) return [];
  return [{ name: AWAIT, args: { ids: awaited.map(({ id }) => id) } }];
}

/** The places of the studies with these ids. */
function placesOf(
  ids: readonly unknown[],
  studies: readonly Study[],
  exchanges: readonly Exchange[],
) {
  const about = studies.filter((study) => ids.includes(stateOf(study, exchanges).id));
  return list(about.map(({ place }) => place));
}

/** Takes the calls of a reply, returns in words what its calls about studies do. */
export function studyGoals(
  calls: readonly Call[],
  studies: readonly Study[],
  exchanges: readonly Exchange[],
): string[] {
  const places = calls.flatMap(({ name, args }) => {
    return name === "study_climate" ? String(args.location) : [];
  });
  const goals = places.length > 0 ? [`study the climate of ${list(places)}`] : [];
  for (const { name, args } of calls) {
    const of = placesOf([args.id ?? args.ids].flat(), studies, exchanges);
    if (name === SIGNAL) goals.push(`narrow the study of ${of} to ${args.payload}`);
    if (name === CANCEL) goals.push(`cancel the study of ${of}`);
    if (name === AWAIT) goals.push(`wait for the study of ${of}`);
  }
  return goals;
}

/** Takes the conversation so far, returns the results of the studies. */
export function findClimates(studies: readonly Study[], exchanges: readonly Exchange[]): string[] {
  return studies.flatMap((study) => {
    const { status, said } = stateOf(study, exchanges);
    return status === "ended" && said !== undefined ? said : [];
  });
}

function sayState({ place, wanted, cancelled }: Study, state: State): string[] {
  const { id, status, said, late } = state;
  if (status === "failed") return [`I couldn't study the climate of ${place}: ${said}.`];
  if (status === "cancelled") return [`The study of ${place} was cancelled.`];
  if (status === "running" && late) return [`The study of ${place} is still running.`];
  if (status === "running") return [`The study of ${place} was started as ${id}.`];
  if (status === "none" && !wanted) return [`I have started no study of ${place}.`];
  return status === "ended" && cancelled ? [`The study of ${place} had ended before.`] : [];
}

/** Takes the wanted studies, returns a sentence for all results, and one for each study without a result. */
export function sayStudies(studies: readonly Study[], exchanges: readonly Exchange[]): string[] {
  const found = findClimates(studies, exchanges);
  const told = found.length > 0 ? [`Here's the climate: ${found.join("; ")}.`] : [];
  return [...told, ...studies.flatMap((study) => sayState(study, stateOf(study, exchanges)))];
}
