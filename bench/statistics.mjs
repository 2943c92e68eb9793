// The few figures that a comparison needs.

/** The value below which a share of the values lies, interpolated. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = Math.floor(place);
  const high = Math.ceil(place);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

export const median = (values) => quantile(values, 0.5);

/** Geometric mean: the mean of ratios that treats 2 and 1/2 alike. */
export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Ratios of pairs that were measured in the same round, so that what slows the machine slows both. */
export function compare(ours, theirs) {
  const ratios = ours.map((value, round) => value / theirs[round]);
  return {
    geometricMean: geometricMean(ratios),
    median: median(ratios),
    p10: quantile(ratios, 0.1),
    p90: quantile(ratios, 0.9),
  };
}

/** One runtime's own figures. */
export function summary(values) {
  return {
    median: median(values),
    min: Math.min(...values),
    p10: quantile(values, 0.1),
    p90: quantile(values, 0.9),
  };
}
