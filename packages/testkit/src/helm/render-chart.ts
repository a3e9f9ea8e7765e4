/**
 * Renders a Helm chart without Helm: the templates, with values that are merged and checked against
 * the chart's schema as Helm does. Knows no subcharts, hooks or files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { type GoMap, isMap, type Value } from './go-values.ts';
import { TemplateError } from './template-lexer.ts';
import { parseTemplate, type Templates } from './template-parser.ts';
import { type Lookup, TemplateRun } from './template-run.ts';

export interface RenderOptions {
  readonly values?: GoMap;
  readonly release?: string;
  readonly namespace?: string;
  /** What is in the cluster; nothing, as for `helm template`. */
  readonly lookup?: Lookup;
}

/** An object of Kubernetes, as far as it is looked at here. */
export interface Manifest extends GoMap {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string } & GoMap;
}

export interface RenderedChart {
  /** The text of each template that has one, by its file name. */
  readonly files: ReadonlyMap<string, string>;
  readonly manifests: readonly Manifest[];
  /** What `helm install` prints. */
  readonly notes: string;
}

export class Chart {
  readonly about: GoMap;
  readonly values: GoMap;
  readonly schema: GoMap;
  readonly #templates: Templates = new Map();
  readonly #names: readonly string[];
  readonly #isValid: ReturnType<Ajv['compile']>;

  /** @throws TemplateError for a template that cannot be read */
  constructor(dir: string) {
    const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
    this.about = parse(read('Chart.yaml')) as GoMap;
    this.values = parse(read('values.yaml')) as GoMap;
    this.schema = JSON.parse(read('values.schema.json')) as GoMap;
    this.#isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(this.schema);
    this.#names = readdirSync(join(dir, 'templates')).sort();
    for (const name of this.#names) {
      parseTemplate(read(join('templates', name)), this.#path(name), this.#templates);
    }
  }

  /**
   * Renders the whole chart.
   * @throws TemplateError when a value is not allowed by the schema or a template fails
   */
  render(options: RenderOptions = {}): RenderedChart {
    const { release = 'cache', namespace = 'default', lookup = () => ({}) } = options;
    const values = mergedValues(this.values, options.values ?? {});
    if (!this.#isValid(values)) {
      const why = (this.#isValid.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
      throw new TemplateError(`values: ${why.join(', ')}`);
    }
    const { name, version, appVersion } = this.about;
    const context = {
      Values: values,
      Chart: { Name: name, Version: version, AppVersion: appVersion },
      Release: { Name: release, Namespace: namespace, Service: 'Helm' },
      Template: { BasePath: `${name}/templates` },
    };
    const run = new TemplateRun(this.#templates, lookup);
    const files = new Map<string, string>();
    let notes = '';
    for (const file of this.#names) {
      if (file.startsWith('_')) continue;
      const text = run.execute(this.#path(file), context);
      if (file === 'NOTES.txt') notes = text;
      else if (text.trim() !== '') files.set(file, text);
    }
    return {
      files,
      manifests: [...files].flatMap(([file, text]) => manifestsIn(file, text)),
      notes,
    };
  }

  #path(name: string): string {
    return `${this.about.name}/templates/${name}`;
  }
}

/** Maps are merged, everything else is replaced; null takes a value away, as in Helm. */
function mergedValues(defaults: GoMap, given: GoMap): GoMap {
  const merged: GoMap = structuredClone(defaults);
  for (const [key, value] of Object.entries(given)) {
    const old: Value = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isMap(old) && isMap(value) ? mergedValues(old, value) : value;
  }
  return merged;
}

function manifestsIn(file: string, text: string): Manifest[] {
  return parseAllDocuments(text, { strict: true, uniqueKeys: true }).flatMap((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new TemplateError(`${file}: ${problem.message}\n${text}`);
    const manifest = document.toJS() as Manifest | null;
    return manifest === null ? [] : [manifest];
  });
}
