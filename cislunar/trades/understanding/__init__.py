"""What the table of a study means: who is out, who is not beaten, who wins, what it depends on."""
