/** Every message that the program can print, read from the source: each `new RuntimeError({…})`, with its variable parts as placeholders. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** A message as far as the source tells it. */
export interface Message {
  place: string;
  what: string;
  problem: string;
  hint: string;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : filesBelow(path);
    return entry.name.endsWith(".ts") && !/\.(test|gen|oracle)\.ts$/.test(entry.name) ? [path] : [];
  });
}

/** String constants of a file, by name: some texts are named because managers match them. */
function namedTexts(source: ts.SourceFile): Map<string, string> {
  const names = new Map<string, string>();
  source.forEachChild((node) => {
    if (!ts.isVariableStatement(node)) return;
    for (const declaration of node.declarationList.declarations) {
      if (
        ts.isIdentifier(declaration.name) &&
        declaration.initializer !== undefined &&
        ts.isStringLiteral(declaration.initializer)
      ) {
        names.set(declaration.name.text, declaration.initializer.text);
      }
    }
  });
  return names;
}

/** All texts that an expression can have: literals as they are, unknown parts as `X`, both sides of a choice. */
function texts(node: ts.Expression | undefined, names: ReadonlyMap<string, string>): string[] {
  if (node === undefined) return [""];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue, names), ...texts(node.whenFalse, names)];
  if (ts.isParenthesizedExpression(node)) return texts(node.expression, names);
  if (ts.isIdentifier(node)) return [names.get(node.text) ?? (node.text === "undefined" ? "" : "X")];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return texts(node.left, names).flatMap((left) => texts(node.right, names).map((right) => left + right));
  }
  if (ts.isTemplateExpression(node)) {
    let found = [node.head.text];
    for (const span of node.templateSpans) {
      const inner = texts(span.expression, names);
      found = found.flatMap((before) => inner.map((text) => before + text + span.literal.text));
    }
    return found;
  }
  return ["X"];
}

/** Functions that make errors of their arguments: name → indexes of the arguments that become `problem`. */
const MAKERS: ReadonlyMap<string, { what: string; problem: readonly number[] }> = new Map([
  ["badFlag", { what: "read command line", problem: [1] }],
  ["noFreezer", { what: "pause X", problem: [1] }],
  ["wrongState", { what: "pause X", problem: [1] }],
  ["hookError", { what: "hook X", problem: [1] }],
  ["cwdError", { what: "chdir X", problem: [1] }],
  ["processError", { what: "load process", problem: [0] }],
  ["refuseExec", { what: "exec in X", problem: [0] }],
  ["refuseCgroup", { what: "join cgroup", problem: [1] }],
  ["refuse", { what: "load config.json", problem: [1, 2] }],
  ["refuseTarget", { what: "mount X", problem: [0] }],
]);

/** All messages, in the order of the source. */
export function allMessages(): Message[] {
  const shared = new Map<string, string>();
  const files = filesBelow("src").map((path) =>
    ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true),
  );
  for (const file of files) for (const [name, text] of namedTexts(file)) shared.set(name, text);
  const messages: Message[] = [];
  for (const file of files) {
    const visit = (node: ts.Node): void => {
      const place = `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      if (ts.isNewExpression(node) && node.expression.getText() === "RuntimeError")
        add(node.arguments?.[0], place, shared, messages);
      else if (ts.isCallExpression(node)) {
        const maker = MAKERS.get(node.expression.getText());
        if (maker !== undefined) {
          const parts = maker.problem.map((index) => texts(node.arguments[index], shared));
          for (const problem of parts.flat()) messages.push({ place, what: maker.what, problem, hint: "" });
        }
      }
      node.forEachChild(visit);
    };
    visit(file);
  }
  return messages;
}

function add(
  argument: ts.Expression | undefined,
  place: string,
  names: ReadonlyMap<string, string>,
  messages: Message[],
): void {
  if (argument === undefined || !ts.isObjectLiteralExpression(argument)) return;
  const field = (name: string): string[] => {
    for (const property of argument.properties) {
      if (ts.isPropertyAssignment(property) && property.name.getText() === name)
        return texts(property.initializer, names);
      if (ts.isShorthandPropertyAssignment(property) && property.name.text === name) return ["X"];
    }
    return [""];
  };
  // An error made from the parts of another one has its words from there.
  if (!argument.properties.some((property) => property.name?.getText() === "problem")) return;
  for (const what of field("what")) {
    for (const problem of field("problem")) {
      for (const hint of field("hint")) messages.push({ place, what, problem, hint });
    }
  }
}
