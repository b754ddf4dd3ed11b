// Every limit of the verifiers, with its unit and the reason for its size.

/** A phone's original is 3-12 MB, a scanned contract up to 20; more is a mistake or an attack. */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;
/** 48-megapixel phones exist; 60 leaves room, 16k x 16k (268 MP) does not pass. */
export const MAX_PIXELS = 60_000_000;
/** Below this no door plate can be read, and thumbnails are not evidence. */
export const MIN_SIDE_PIXELS = 240;
/** OCR found most at this long side; larger pictures lost nameplates, smaller ones lost watermarks. */
export const OCR_LONG_SIDE = 1440;
/** The copy that people see on a phone or in a digest. */
export const COPY_LONG_SIDE = 1600;

/** pdfium reads text of 200 pages well inside the time limit; a contract has 20. */
export const MAX_PDF_PAGES = 200;
/** Characters of a PDF that are kept for judging; a 200-page contract has about 200,000. */
export const MAX_PDF_TEXT = 1_000_000;
/** A page with fewer CJK characters (and letters) than this has no usable text layer: a scan, or a full-page picture. */
export const MIN_PAGE_CHARACTERS = 20;

/** No page's drawing and no font comes near it (a street map has 5-10 MB); a bomb goes to hundreds. Pictures are not counted. */
export const MAX_PDF_STREAM_BYTES = 48 * 1024 * 1024;
/** Pages of a scan that are read by OCR, each 3-6 s with both readers; a signed contract's pages, not a tender's. */
export const MAX_OCR_PAGES = 12;
/** No further page is begun after this: a verification's lease is 90 s. */
export const OCR_BUDGET_MS = 45_000;
/** Pages on which a seal is looked for, from both ends: covers and signature pages. */
export const MAX_SEAL_PAGES = 20;
/** Scans at 150 dpi lost models under a stamp, at 200 none. */
export const PAGE_DPI = 200;
/** An A4 page at 200 dpi has 3.9 MP; pdfium would draw a crafted page of 400,000 px without a word. */
export const MAX_PAGE_PIXELS = 4_000_000;

/** An equipment list has tens of rows; a hospital's whole inventory some thousands. */
export const MAX_SHEET_ROWS = 20_000;
export const MAX_SHEET_CELLS = 200_000;
/** Inflated bytes of a workbook: 20,000 rows of ten columns are about 12 MB. */
export const MAX_SHEET_INFLATED_BYTES = 50 * 1024 * 1024;
/** Real workbooks inflate 5 to 20 times; beyond 100 it is a bomb. */
export const MAX_SHEET_RATIO = 100;
export const MAX_ZIP_ENTRIES = 2_000;
/** A header is looked for in the first rows only: titles and notes stand above it. */
export const HEADER_SEARCH_ROWS = 20;

/** Camera clock and server clock: the brief's tolerance. */
export const TIME_TOLERANCE_MINUTES = 10;
/** A position sent this long before or after the picture still counts for it. */
export const POSITION_VALID_MINUTES = 30;

/** One job in a worker. A photo takes about 2 s warm; 20 s leaves room for a cold start on a busy machine. */
export const JOB_TIMEOUT_MS = 20_000;
/** A photo before any was timed. */
export const FIRST_GUESS_MS = 3_000;
/** Resident memory of one worker: two OCR languages take ~400 MB, a 12 MP photo ~100 MB; PDF bombs take 1-2 GB. */
export const MAX_WORKER_BYTES = 900 * 1024 * 1024;
/** The same with the second reader in it: PP-OCR takes ~500 MB more. */
export const MAX_READER_BYTES = 1_500 * 1024 * 1024;
/** A worker is replaced after this many jobs, so that what libraries leak cannot add up. */
export const JOBS_PER_WORKER = 500;

/** A recording is a call or a visit; two hours of telephone quality still fit into `MAX_FILE_BYTES`. */
export const MAX_VOICE_MS = 2 * 60 * 60_000;
/** SILK comes from voice messages of a minute; ten are decoded in some seconds, two hours would take a worker's whole time. */
export const MAX_SILK_MS = 10 * 60_000;
/** A press of the button by mistake. */
export const MIN_VOICE_MS = 1_000;
/** The thriftiest coding of speech (AMR with pauses, SILK) stays above 300 bytes a second; a head that promises more time than that lies. */
export const MIN_VOICE_BYTES_PER_SECOND = 100;
/** What most speech services take. */
export const MAX_ASR_BYTES = 25 * 1024 * 1024;
/** Both tries together; a verification's lease is 90 s. */
export const ASR_BUDGET_MS = 60_000;
/** A voice message of a minute at most, while the rep waits for the answer. */
export const DICTATION_BUDGET_MS = 15_000;
/** Characters of a transcript that are kept: three hours of speech. */
export const MAX_TRANSCRIPT = 50_000;
