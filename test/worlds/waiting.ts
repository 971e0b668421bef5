/** A weather tool that reports to a barrier and waits there until it is let go. */
export async function forecast({ location }: { location: string }): Promise<string> {
  const answer = await fetch(process.env.BARRIER_URL + encodeURIComponent(location));
  return answer.text();
}
