"""Scripts: training of a recipe written out as Python that needs torch and no package of ours."""
