/**
 * THREAD=REFERENCES (RFC 5256 3): messages are put together by what they reply to, then threads by their subject. The steps are those of the RFC.
 * Pure, without recursion (a thread may be as deep as a folder is long), and in about linear time.
 */
import type { SubjectFacts } from './thread-subject.ts'
import type { Thread } from './thread-tree.ts'

/** Columns of one entry for each message, in the order of their sequence numbers. */
export interface ReferenceFacts extends SubjectFacts {
  /** 0 where the base subject is empty */
  readonly subjects: ArrayLike<number>
  /** 1: the subject was one of a reply or of what is passed on */
  readonly replies: ArrayLike<number>
  /** numbers in the place of message ids, message after message: its own (0 if it has none), then its references */
  readonly ids: ArrayLike<number>
  /** where those of a message begin in `ids`, and after the last message where they end */
  readonly idStarts: ArrayLike<number>
}

interface Node {
  /** undefined: a dummy */
  readonly message: number | undefined
  parent: Node | undefined
  children: Node[]
  /** while links are made, children are only counted */
  childCount: number
}

const newNode = (message?: number): Node => ({ message, parent: undefined, children: [], childCount: 0 })

export function threadByReferences(facts: ReferenceFacts): Thread[] {
  const nodes = linked(facts)
  let roots = pruned(nodes)
  const byDate = dateOrder(facts)
  // Step 4. Only dummies need their children in order here: the first one stands for them.
  for (const root of roots) if (root.message === undefined) root.children.sort(byDate)
  roots.sort(byDate)
  roots = gathered(roots, facts)
  // Step 6, from the youngest siblings to the oldest.
  for (const node of parentsFirst(roots).reverse()) node.children.sort(byDate)
  return roots.sort(byDate)
}

/** Step 1. All nodes, messages and dummies. */
function linked({ ids, idStarts }: ReferenceFacts): Node[] {
  const count = idStarts.length - 1
  const nodes = Array.from({ length: count }, (_, message) => newNode(message))
  const idsOf = (message: number): [from: number, to: number] => [idStarts[message] ?? 0, idStarts[message + 1] ?? 0]
  const byId = new Map<number, Node>()
  for (const [message, node] of nodes.entries()) {
    const [from, to] = idsOf(message)
    const own = from < to ? (ids[from] ?? 0) : 0
    // Of several messages with one id the first has it; the others have none that anybody could refer to.
    if (own > 0 && !byId.has(own)) byId.set(own, node)
  }
  const nodeOf = (id: number): Node => {
    const known = byId.get(id)
    if (known) return known
    const dummy = newNode()
    byId.set(id, dummy)
    nodes.push(dummy)
    return dummy
  }
  for (let message = 0; message < count; message++) {
    const [from, to] = idsOf(message)
    let parent: Node | undefined
    for (let at = from + 1; at < to; at++) {
      const child = nodeOf(ids[at] ?? 0)
      if (parent && !child.parent) link(parent, child)
      parent = child
    }
    const node = nodes[message]
    if (!node) continue
    unlink(node)
    if (parent) link(parent, node)
  }
  return nodes
}

/** Unless it would make a loop. */
function link(parent: Node, child: Node): void {
  if (parent === child) return
  // What has no children is nobody's ancestor.
  if (child.childCount > 0) for (let above = parent.parent; above; above = above.parent) if (above === child) return
  child.parent = parent
  parent.childCount++
}

function unlink(child: Node): void {
  if (child.parent) child.parent.childCount--
  child.parent = undefined
}

/** Steps 2 and 3. The heads of the threads; no dummy is left but among them, with two children at least. */
function pruned(nodes: readonly Node[]): Node[] {
  for (const node of nodes) node.parent?.children.push(node)
  const heads = nodes.filter((node) => !node.parent)
  for (const node of parentsFirst(heads).reverse())
    node.children = node.children.flatMap((child) => (child.message === undefined ? child.children : [child]))
  return heads.flatMap((head) => (head.message === undefined && head.children.length < 2 ? head.children : [head]))
}

/** All nodes of some trees, each after its parent. */
function parentsFirst(roots: readonly Node[]): Node[] {
  const ordered = [...roots]
  // What is added is walked through too.
  for (const { children } of ordered) for (const child of children) ordered.push(child)
  return ordered
}

/** By sent date and sequence number; a dummy goes by its first child. */
function dateOrder({ sent }: ReferenceFacts): (a: Node, b: Node) => number {
  return (a, b) => {
    const [first, second] = [shown(a), shown(b)]
    return (sent[first] ?? 0) - (sent[second] ?? 0) || first - second
  }
}

/** The message of a node, or the first child of a dummy. */
const shown = (node: Node): number => node.message ?? node.children[0]?.message ?? 0

/** Step 5. */
function gathered(roots: readonly Node[], { subjects, replies }: ReferenceFacts): Node[] {
  const subjectOf = (node: Node): number => subjects[shown(node)] ?? 0
  const isReply = ({ message }: Node): boolean => message !== undefined && replies[message] === 1
  const table = new Map<number, Node>()
  for (const node of roots) {
    const subject = subjectOf(node)
    const known = table.get(subject)
    if (subject === 0) continue
    if (!known || (known.message !== undefined && (node.message === undefined || (isReply(known) && !isReply(node)))))
      table.set(subject, node)
  }
  const kept = new Set(roots)
  for (const node of roots) {
    const subject = subjectOf(node)
    const known = table.get(subject)
    if (!known || known === node) continue
    kept.delete(node)
    if (known.message === undefined) known.children.push(...(node.message === undefined ? node.children : [node]))
    else if (isReply(node) && !isReply(known)) known.children.push(node)
    else {
      const dummy = newNode()
      dummy.children = [known, node]
      kept.delete(known)
      kept.add(dummy)
      table.set(subject, dummy)
    }
  }
  return [...kept]
}
