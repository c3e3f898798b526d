/** What a PDF says, apart from how it looks: plain data, which `renderPdf` lays out. All texts are shown as they are, nothing in them is markup. */
import type { Instant } from '../base/instant.ts'

export interface PdfDocument {
  readonly title: string
  readonly subtitle: string
  /** of the few words that the layout adds, and of the document as readers announce it */
  readonly language: 'it' | 'en'
  /** when it was made: shown at the top, and kept in the metadata */
  readonly instant: Instant
  /** who makes it: at the top of each page, and the author in the metadata */
  readonly issuer: string
  /** what tells it from others, such as an identifier: at the foot of each page */
  readonly reference: string
  /** landscape for wide tables; portrait where not given */
  readonly landscape?: boolean
  readonly sections: readonly PdfSection[]
}

export interface PdfSection {
  readonly heading: string
  readonly blocks: readonly PdfBlock[]
}

export type PdfBlock =
  | { readonly kind: 'paragraph'; readonly text: string }
  /** a paragraph in a frame, which must not be overlooked */
  | { readonly kind: 'notice'; readonly text: string }
  /** names with their values, one below the other */
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] }
  /** goes over as many pages as it needs, with its header on each; a row stays on one page if it fits there */
  | { readonly kind: 'table'; readonly columns: readonly PdfColumn[]; readonly rows: readonly (readonly string[])[] }

export interface PdfColumn {
  readonly heading: string
  /** its share of the width, against the shares of the others */
  readonly share: number
}
