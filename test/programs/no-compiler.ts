// Stands for a program that finds no compiler.
throw new Error("expected a compiler");
