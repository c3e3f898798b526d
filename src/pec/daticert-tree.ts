/**
 * From the bytes of daticert.xml to its elements, by libxml2. What comes is hostile until it is shown to be otherwise: the size is bounded,
 * nothing is loaded, a DOCTYPE is refused before any entity could count. The document's memory lies outside the JavaScript heap and is
 * given back here in every case.
 */
import { DtdValidator, ParseOption, XmlCData, XmlDocument, XmlDtd, XmlElement, XmlError, XmlText } from 'libxml2-wasm'
import { DATICERT_DTD } from './daticert-dtd.ts'

/** Bytes: some thousands of recipients. */
export const MAX_DATICERT = 1 << 20

/** What stands in an element: its attributes, and either child elements or a text. */
export interface DaticertElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly DaticertElement[]
  readonly text: string
}

/** The elements that hold others; every other one holds text. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  postacert: ['intestazione', 'dati'],
  intestazione: ['mittente', 'destinatari', 'risposte', 'oggetto'],
  dati: ['gestore-emittente', 'data', 'identificativo', 'msgid', 'ricevuta', 'consegna', 'ricezione', 'errore-esteso'],
  data: ['giorno', 'ora'],
}

const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  postacert: { tipo: /^[a-z-]+$/, errore: /^[a-z-]+$/ },
  destinatari: { tipo: /^(?:certificato|esterno)$/ },
  data: { zona: /^/ },
  ricevuta: { tipo: /^[a-z]+$/ },
}

const validator = new DtdValidator(XmlDtd.fromString(DATICERT_DTD))

class NotDaticert extends Error {}

/**
 * The root of a daticert.xml that is valid against its DTD, or why it is none. Text that stands between elements is passed over, although
 * the DTD knows none there: it says nothing, and receipts with such a slip are about.
 */
export function readDaticertTree(xml: Buffer): DaticertElement | { readonly problem: string } {
  if (xml.length > MAX_DATICERT) return { problem: 'daticert.xml is too large' }
  let document: XmlDocument | undefined
  try {
    document = XmlDocument.fromBuffer(xml, { option: ParseOption.XML_PARSE_NO_XXE })
    // Entities cannot be declared without it, and a DTD of its own could also change what attributes say.
    if (document.dtd !== null) return { problem: 'daticert.xml has a DOCTYPE' }
    // Ours goes first: for each violation libxml2 works out a path, which is too much for a document that consists of them.
    const root = readElement(document.root, 'postacert')
    validator.validate(document)
    return root
  } catch (error) {
    if (error instanceof NotDaticert) return { problem: `daticert.xml has ${error.message}` }
    // libxml2's words may quote the document, which is nobody's business.
    if (error instanceof XmlError) return { problem: `daticert.xml is not ${document ? 'valid' : 'well-formed'}` }
    throw error
  } finally {
    document?.dispose()
  }
}

function readElement(element: XmlElement, ...expected: readonly string[]): DaticertElement {
  const { name } = element
  if (!expected.includes(name) || element.namespaceUri !== '') throw new NotDaticert('an unknown element')
  const inside = HOLDERS[name]
  const children: DaticertElement[] = []
  let node = element.firstChild
  while (node) {
    const { next } = node
    if (node instanceof XmlElement) {
      if (!inside) throw new NotDaticert('an element within text')
      children.push(readElement(node, ...inside))
    } else if (inside && (node instanceof XmlText || node instanceof XmlCData) && node.content.trim() !== '') node.remove()
    node = next
  }
  return { name, attributes: readAttributes(element, name), children, text: inside ? '' : element.content }
}

function readAttributes(element: XmlElement, name: string): Record<string, string> {
  const known = ATTRIBUTES[name] ?? {}
  const attributes: Record<string, string> = {}
  for (const { name, content } of element.attrs) {
    if (known[name]?.test(content) !== true) throw new NotDaticert('an unknown attribute')
    attributes[name] = content
  }
  return attributes
}
