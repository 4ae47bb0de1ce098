"""The same cleaning written in other tools: what our speed is measured against."""
