"""The report: cells measured, drawn, derived and judged, on one page that a person reads.

The whole way is in `report`: each cell is measured (`pieces`), chapters tell what was found
as blocks (`chapters`), a writer (`symgate.writing`) sets them as a page, and everything is put
into the folder at once (`folder`). Numbers on the page are taken from the data beside it.
"""
