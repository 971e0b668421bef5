/** What desk/search.ts writes into search-data.js, which is loaded when the search is first used. */
declare const PLACES: readonly (readonly [
  address: string,
  page: string,
  heading: string,
  text: string,
])[];
