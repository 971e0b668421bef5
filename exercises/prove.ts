// For authors: proves that checks tell a start, a solution and wrong answers apart.
// npx tsx exercises/prove.ts [06 or 06-jitter …]
import { exercises } from "../scripts/exercises/list.ts";
import { proveStage, stagesOf } from "./command/proof.ts";

const words = process.argv.slice(2);
const wanted = exercises().filter(({ name }) => {
  return words.length === 0 || words.some((word) => name.startsWith(word));
});
for (const exercise of wanted) {
  for (const stage of stagesOf(exercise)) {
    const start = performance.now();
    const { sentence, fault } = await proveStage(exercise, stage);
    const ms = Math.round(performance.now() - start);
    console.log(`${exercise.name} ${stage} (${ms} ms): ${sentence}`);
    if (fault === undefined) continue;
    console.log(`✖ ${fault}`);
    process.exitCode = 1;
  }
}
