/** Go's text/template, last step: executes a tree. Stricter than Go: what is missing is no text. */
import { isEmpty, isMap, printed, type Value } from './go-values.ts';
import { TEMPLATE_FUNCTIONS } from './template-functions.ts';
import { TemplateError } from './template-lexer.ts';
import type { Node, Operand, Pipeline, Templates } from './template-parser.ts';

/** What is in the cluster, for the function `lookup`. */
export type Lookup = (version: string, kind: string, namespace: string, name: string) => Value;

interface Scope {
  readonly dot: Value;
  readonly variables: ReadonlyMap<string, { value: Value }>;
}

const MOST_DEPTH = 100;

export class TemplateRun {
  readonly #templates: Templates;
  readonly #lookup: Lookup;
  #depth = 0;

  constructor(templates: Templates, lookup: Lookup) {
    this.#templates = templates;
    this.#lookup = lookup;
  }

  /** @throws TemplateError that says where */
  execute(name: string, data: Value): string {
    const nodes = this.#templates.get(name);
    if (nodes === undefined) throw new TemplateError(`there is no template ${name}`);
    if (++this.#depth > MOST_DEPTH) throw new TemplateError(`${name} includes itself`);
    try {
      return this.#nodes(nodes, { dot: data, variables: new Map([['', { value: data }]]) });
    } finally {
      this.#depth--;
    }
  }

  #nodes(nodes: readonly Node[], outer: Scope): string {
    // Variables that are made here end here; those of outside can be changed.
    const variables = new Map(outer.variables);
    const scope = { dot: outer.dot, variables };
    let output = '';
    for (const node of nodes) {
      try {
        output += this.#node(node, scope, variables);
      } catch (error) {
        if (!(error instanceof TemplateError) || /^\S+:\d+: /.test(error.message)) throw error;
        throw new TemplateError(`${node.where}: ${error.message}`);
      }
    }
    return output;
  }

  #node(node: Node, scope: Scope, variables: Map<string, { value: Value }>): string {
    if (node.kind === 'text') return node.text;
    if (node.kind === 'range') return this.#range(node, scope);
    if (node.kind === 'output') {
      const { variable } = node.pipeline;
      const value = this.#pipeline(node.pipeline, scope);
      if (variable === undefined) return printed(value);
      if (variable.isNew) variables.set(variable.name, { value });
      else this.#box(variable.name, scope).value = value;
      return '';
    }
    for (const { kind, pipeline, body } of node.branches) {
      if (pipeline === undefined) return this.#nodes(body, scope);
      const value = this.#pipeline(pipeline, scope);
      if (isEmpty(value)) continue;
      return this.#nodes(body, kind === 'with' ? { ...scope, dot: value } : scope);
    }
    return '';
  }

  #range(node: Node & { kind: 'range' }, scope: Scope): string {
    const value = this.#pipeline(node.pipeline, scope);
    if (isEmpty(value)) return '';
    if (!Array.isArray(value)) throw new TemplateError('range over what is no list');
    return value.map((dot: Value) => this.#nodes(node.body, { ...scope, dot })).join('');
  }

  #pipeline(pipeline: Pipeline, scope: Scope): Value {
    let last: readonly Value[] = [];
    for (const command of pipeline.commands) last = [this.#command(command, scope, last)];
    return last[0];
  }

  #command(command: readonly Operand[], scope: Scope, last: readonly Value[]): Value {
    const [first, ...operands] = command as [Operand, ...Operand[]];
    if (first.kind === 'function') return this.#call(first.name, operands, scope, last);
    if (operands.length + last.length > 0) throw new TemplateError('a value has no arguments');
    return this.#operand(first, scope);
  }

  #call(name: string, operands: readonly Operand[], scope: Scope, last: readonly Value[]): Value {
    if (name === 'and' || name === 'or') return this.#untilDecided(name, operands, scope, last);
    const args = [...operands.map((operand) => this.#operand(operand, scope)), ...last];
    if (name === 'include') return this.execute(String(args[0]), args[1]);
    if (name === 'lookup') {
      const [version = '', kind = '', namespace = '', object = ''] = args.map(String);
      return this.#lookup(version, kind, namespace, object);
    }
    const run = TEMPLATE_FUNCTIONS.get(name);
    if (run === undefined) throw new TemplateError(`the function ${name} is not known here`);
    return run(...args);
  }

  /** Arguments behind the one that decides are not looked at. */
  #untilDecided(
    name: 'and' | 'or',
    operands: readonly Operand[],
    scope: Scope,
    last: readonly Value[],
  ): Value {
    let value: Value;
    for (const operand of operands) {
      value = this.#operand(operand, scope);
      if (isEmpty(value) === (name === 'and')) return value;
    }
    return last.length > 0 ? last[0] : value;
  }

  #operand(operand: Operand, scope: Scope): Value {
    let value: Value;
    if (operand.kind === 'literal') value = operand.value;
    else if (operand.kind === 'dot') value = scope.dot;
    else if (operand.kind === 'variable') value = this.#box(operand.name, scope).value;
    else if (operand.kind === 'pipeline') value = this.#pipeline(operand.pipeline, scope);
    else return this.#call(operand.name, [], scope, []);
    for (const field of operand.fields) {
      if (!isMap(value)) throw new TemplateError(`.${field} of what is no map`);
      value = Object.hasOwn(value, field) ? value[field] : undefined;
    }
    return value;
  }

  #box(name: string, scope: Scope): { value: Value } {
    const box = scope.variables.get(name);
    if (box === undefined) throw new TemplateError(`$${name} is not there`);
    return box;
  }
}
