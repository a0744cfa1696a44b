"""Plans as Markdown pages that people read where they already read: a page is a function of a `Report`."""
