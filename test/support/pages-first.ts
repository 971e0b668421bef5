import { BaseSequencer, type TestSpecification } from "vitest/node";

function isPages({ moduleId }: TestSpecification): boolean {
  return moduleId.endsWith("documents.test.ts");
}

/** Starts with the pages, which take longest: started last, they would keep one worker alone. */
export class PagesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isPages), ...sorted.filter((file) => !isPages(file))];
  }
}
