// Figures in the text format of Prometheus. Knows nothing of what they mean.

/** The labels of one figure, in the order they are written. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A name with all its figures. Names are ours: letters, digits and `_`. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly samples: readonly Sample[];
}

const NO_LABELS: Labels = {};

/** What is so at the moment. */
export function gauge(name: string, help: string, value: number): Metric {
  return { name, help, type: 'gauge', samples: [{ labels: NO_LABELS, value }] };
}

/** What only grows, until CONFIG RESETSTAT or a restart. */
export function counter(name: string, help: string, value: number): Metric {
  return { name, help, type: 'counter', samples: [{ labels: NO_LABELS, value }] };
}

/** Returns metrics as a scrape gets them; those without a figure are left out. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(family)
    .join('');
}

function family({ name, help, type, samples }: Metric): string {
  const text = help.replace(/[\\\n]/g, escaped);
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels);
  if (pairs.length === 0) return '';
  const texts = pairs.map(([name, text]) => `${name}="${text.replace(/[\\"\n]/g, escaped)}"`);
  return `{${texts.join()}}`;
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
