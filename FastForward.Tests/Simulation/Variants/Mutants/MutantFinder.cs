using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace FastForward.Tests.Simulation.Variants.Mutants;

/// <summary>
/// All mutants of a file: other operators, numbers that are one more or less, conditions that are negated, statements
/// that are missing.
/// </summary>
internal sealed class MutantFinder(string file) : CSharpSyntaxWalker
{
    private static readonly Dictionary<SyntaxKind, string> s_operators = new()
    {
        [SyntaxKind.LessThanExpression] = "<=",
        [SyntaxKind.LessThanOrEqualExpression] = "<",
        [SyntaxKind.GreaterThanExpression] = ">=",
        [SyntaxKind.GreaterThanOrEqualExpression] = ">",
        [SyntaxKind.EqualsExpression] = "!=",
        [SyntaxKind.NotEqualsExpression] = "==",
        [SyntaxKind.LogicalAndExpression] = "||",
        [SyntaxKind.LogicalOrExpression] = "&&",
        [SyntaxKind.AddExpression] = "-",
        [SyntaxKind.SubtractExpression] = "+",
    };

    private readonly List<Mutant> _found = [];

    public static IReadOnlyList<Mutant> Find(string file, string source)
    {
        MutantFinder finder = new(file);
        finder.Visit(CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot());
        return finder._found;
    }

    public override void VisitBinaryExpression(BinaryExpressionSyntax node)
    {
        if (s_operators.TryGetValue(node.Kind(), out string? other))
            Add(node, node.OperatorToken.Span, other);
        base.VisitBinaryExpression(node);
    }

    public override void VisitRelationalPattern(RelationalPatternSyntax node)
    {
        string? other = node.OperatorToken.Text switch
        {
            "<" => "<=",
            "<=" => "<",
            ">" => ">=",
            ">=" => ">",
            _ => null,
        };
        if (other is not null)
            Add(node, node.OperatorToken.Span, other);
        base.VisitRelationalPattern(node);
    }

    public override void VisitLiteralExpression(LiteralExpressionSyntax node)
    {
        switch (node.Kind())
        {
            case SyntaxKind.NumericLiteralExpression:
                Add(node, node.Span, $"({node} + 1)");
                if (node.Token.ValueText != "0")
                    Add(node, node.Span, $"({node} - 1)");
                break;
            case SyntaxKind.TrueLiteralExpression:
                Add(node, node.Span, "false");
                break;
            case SyntaxKind.FalseLiteralExpression:
                Add(node, node.Span, "true");
                break;
        }
    }

    public override void VisitIfStatement(IfStatementSyntax node)
    {
        AddNegation(node.Condition);
        base.VisitIfStatement(node);
    }

    public override void VisitConditionalExpression(ConditionalExpressionSyntax node)
    {
        AddNegation(node.Condition);
        base.VisitConditionalExpression(node);
    }

    public override void VisitExpressionStatement(ExpressionStatementSyntax node)
    {
        // Without an assignment to an out parameter or the like it is no program; such a mutant counts as none.
        Add(node, node.Span, "{ }");
        base.VisitExpressionStatement(node);
    }

    // Attributes and numbers on the wire are the same on both sides: their changes are not mistakes of the protocol.
    public override void VisitAttributeList(AttributeListSyntax node) { }

    public override void VisitEnumDeclaration(EnumDeclarationSyntax node) { }

    private void AddNegation(ExpressionSyntax condition)
    {
        // Variables of patterns are not assigned behind a negation: most of these are no programs, and count as none.
        Add(condition, condition.Span, $"!({condition})");
    }

    private void Add(SyntaxNode node, TextSpan span, string replacement) =>
        _found.Add(Mutant.Of(file, node, span, replacement));
}
