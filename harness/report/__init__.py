"""What people and scripts read of a run: results.json, report.md, report.html, summary.csv, the terminal."""
