export function quantile(values: readonly number[], share: number): number;
export function median(values: readonly number[]): number;
export function geometricMean(values: readonly number[]): number;
export function compare(
  ours: readonly number[],
  theirs: readonly number[],
): { geometricMean: number; median: number; p10: number; p90: number };
export function summary(values: readonly number[]): { median: number; min: number; p10: number; p90: number };
